"""Floor 6: modules, parameters, initialization."""

from fnnet.nn.module import Module
from fnnet.nn.parameter import Buffer, Parameter
