"""G1's floor, without a bias and with one: the Huber location of the data, with its certificate."""

import numpy as np
import pytest
from hypothesis import given, settings
from strategies import optima, problems

from testbed import Problem, huber


def value(p, b):
    return p.weights @ huber(np.linalg.norm(p.X - b, axis=1), p.lam)


@settings(max_examples=50, deadline=None)
@given(p=problems(biased=True))
def test_the_floor_is_below_the_value_at_any_bias_and_meets_it_at_one(p):
    rng = np.random.default_rng(0)
    spread = p.X.std(axis=0).max() + p.lam
    b = p.weights @ p.X
    for _ in range(3000):  # repeated weighted means descend to the minimum
        share = p.weights / np.maximum(np.linalg.norm(p.X - b, axis=1), p.lam)
        b = share @ p.X / share.sum()
    best = value(p, b)
    assert p.floor <= best * (1 + 1e-14) and best - p.floor <= 1e-6 * best + 1e-12 * p.lam**2
    for size in (1e-3, 0.1, 1.0):
        assert p.floor <= value(p, b + size * spread * rng.standard_normal(p.d)) * (1 + 1e-14)


@settings(max_examples=20, deadline=None)
@given(o=optima())
def test_no_dictionary_is_below(o):
    assert o.problem.floor <= o.objective * (1 + 1e-12)


@pytest.mark.parametrize("lam", [1e-3, 0.3, 5.0])
def test_the_floor_moves_with_the_data(lam):
    X = np.random.default_rng(0).standard_normal((50, 3)) ** 3
    floor = Problem(X, lam, bias=True).floor
    assert Problem(X + [3.0, -7, 1], lam, bias=True).floor == pytest.approx(floor, rel=1e-11)
    assert Problem(4 * X, 4 * lam, bias=True).floor == 16 * floor
    assert floor < Problem(X, lam).floor == Problem(X, lam).huber_floor


def test_in_closed_form():
    two = Problem([[0.0], [10.0]], 1.0, [0.75, 0.25], bias=True)
    # 3/4 h(b) + 1/4 h(10 - b) is least at b = 1/3
    assert two.floor == pytest.approx(0.75 / 18 + 0.25 * (29 / 3 - 0.5), rel=1e-13)
    flat = Problem([[0.0], [10.0]], 1.0, bias=True)  # any b between 1 and 9 will do
    assert flat.floor == pytest.approx(4.5, rel=1e-13)
    assert Problem([[3.0, 4.0]], 1.0, bias=True).floor == 0 and Problem([[3.0, 4.0]], 1.0).floor == 4.5
