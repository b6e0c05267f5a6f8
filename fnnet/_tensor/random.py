"""Methods of the random family."""

from __future__ import annotations

from fnnet.autograd.variable import Variable
from fnnet.functional import random


class RandomMethods(Variable):
    """Samplers: in place, and by the probabilities that the tensor holds."""

    bernoulli = random.bernoulli
    bernoulli_ = random.bernoulli_
    cauchy_ = random.cauchy_
    exponential_ = random.exponential_
    geometric_ = random.geometric_
    log_normal_ = random.log_normal_
    multinomial = random.multinomial
    normal_ = random.normal_
    random_ = random.random_
    uniform_ = random.uniform_
