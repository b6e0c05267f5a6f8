"""Methods of the random family."""

from __future__ import annotations

from fnnet.autograd.variable import Variable
from fnnet.functional import random, sampling


class RandomMethods(Variable):
    """Samplers: in place, and by the probabilities that the tensor holds."""

    bernoulli = random.bernoulli
    bernoulli_ = sampling.bernoulli_
    cauchy_ = sampling.cauchy_
    exponential_ = sampling.exponential_
    geometric_ = sampling.geometric_
    log_normal_ = sampling.log_normal_
    multinomial = random.multinomial
    normal_ = sampling.normal_
    random_ = sampling.random_
    uniform_ = sampling.uniform_
