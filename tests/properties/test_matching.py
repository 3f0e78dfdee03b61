"""What became of each feature, on exact worlds where the right answer is known."""

import numpy as np
import pytest

import generators as worlds
from properties.matching import ALIGNED, fates, match
from testbed import Optimum, Problem, fit

UP_DOWN = "discrete([0,.25,.5,.75,1],[.2,.2,.2,.2,.2])"
KNOWN = {
    "independent": (worlds.independent(3, p=0.3), 3, 0.01, {}, ["recovered"] * 3),
    "one-sparse": (worlds.one_sparse(3), 3, 0.1, {}, ["recovered"] * 3),
    "correlated pair": (worlds.correlated_pair(0.4, 0.2), 2, 0.1, {}, ["tilted"] * 2),
    "an atom per pattern": (worlds.correlated_pair(0.4, 0.2), 3, 0.1, {}, ["split"] * 2),
    "always together": (worlds.cofiring(((0.5, 0.5), (0.5, 0.5))), 1, 0.1, {}, ["merged"] * 2),
    "nested": (worlds.nested_pair(0.3), 2, 0.1, {}, ["absorbed", "tilted"]),
    "nested, acute": (worlds.nested_pair(0.3, np.pi / 3), 2, 0.1, {}, ["absorbed", "tilted"]),
    "two free children": (worlds.forest((-1, 0, 0), (0.6, 0.5, 0.5)), 3, 0.1, {}, ["absorbed", "tilted", "tilted"]),
    "exclusive children": (worlds.exclusive_children(3), 3, 0.1, {}, ["split", "tilted", "tilted", "tilted"]),
    "one atom for a family": (worlds.exclusive_children(3), 1, 0.1, {}, ["merged"] * 4),
    "too few atoms": (worlds.one_sparse(3, [0.5, 0.3, 0.2]), 2, 0.1, {}, ["recovered", "recovered", "missing"]),
    "one atom for a pair": (worlds.correlated_pair(0.4, 0.2), 1, 0.1, {}, ["merged"] * 2),
    "signed direction": (worlds.antipodal(), 2, 0.1, {}, ["antipodal pair"]),
    "dense direction": (worlds.antipodal(law=UP_DOWN), 2, 0.1, {"bias": True}, ["antipodal pair"]),
    "more on than off": (worlds.antipodal(law="bernoulli(.7)"), 2, 0.1, {"bias": True}, ["reversed"]),
    "more off than on": (worlds.antipodal(law="bernoulli(.3)"), 2, 0.1, {"bias": True}, ["recovered"]),
    "signed codes": (worlds.antipodal(2, p=0.4), 2, 0.01, {"nonnegative": False}, ["recovered"] * 2),
}


def trained(world, m, lam, **options):
    sample = world.exact()
    return fit(sample.X, m, lam, weights=sample.weights, **options), sample


@pytest.mark.parametrize("name", KNOWN)
def test_known_fates(name):
    world, m, lam, options, expected = KNOWN[name]
    assert [v.kind for v in fates(*trained(world, m, lam, **options))] == expected


def test_tilts_and_absorption_are_quantified():
    tilted = fates(*trained(worlds.correlated_pair(0.4, 0.2), 2, 0.1))
    assert [v.angle for v in tilted] == pytest.approx([0.0441403333] * 2, abs=1e-9)  # T2
    optimum, sample = trained(worlds.nested_pair(0.3), 2, 0.1)
    parent, child = fates(optimum, sample)
    assert parent.angle < 1e-7 and child.angle == pytest.approx(np.pi / 4)  # T3
    assert parent.features == (1,) and parent.atoms == (parent.atoms[0], child.atoms[0])
    np.testing.assert_allclose(optimum.D[parent.atoms[1]], sample.features.sum(axis=0) / np.sqrt(2), atol=1e-9)
    split = fates(*trained(worlds.exclusive_children(3), 3, 0.1))
    assert sorted(split[0].atoms) == [0, 1, 2] == sorted(v.atoms[0] for v in split[1:])


def test_directions_alone_do_not_decide():
    """The parent's atom points exactly along the parent in both dictionaries; only one of them has the parent."""
    optimum, sample = trained(worlds.nested_pair(0.3), 2, 0.1)
    assert match(optimum.D, sample.features).angle[0] < ALIGNED
    true = Optimum.at(optimum.problem, sample.features)
    assert [v.kind for v in fates(true, sample)] == ["recovered", "recovered"]


def test_order_of_atoms_and_units_do_not_matter():
    optimum, sample = trained(worlds.forest((-1, 0, 0), (0.6, 0.5, 0.5)), 3, 0.1)
    p = optimum.problem
    turned = Optimum.at(p, optimum.D[::-1])
    for one, other in zip(fates(optimum, sample), fates(turned, sample), strict=True):
        assert one.kind == other.kind and one.features == other.features
        assert one.atoms == tuple(2 - j for j in other.atoms)


def test_dead_atoms_and_silent_features_play_no_part():
    optimum, sample = trained(worlds.one_sparse(2), 2, 0.1)
    codes = np.column_stack([sample.codes, np.zeros(2)])
    silent = worlds.Sample(np.pad(sample.X, ((0, 0), (0, 1))), codes, np.eye(3), sample.weights, np.zeros(3))
    D = np.vstack([-np.eye(3)[2], np.pad(optimum.D, ((0, 0), (0, 1)))])
    found = fates(Optimum.at(Problem(silent.X, 0.1, silent.weights), D), silent)
    assert [v.kind for v in found] == ["recovered", "recovered", "missing"]
    assert {j for v in found for j in v.atoms} == {1, 2}


def test_match_is_signed_and_one_to_one():
    features = np.eye(3)
    found = match(np.array([[-1.0, 0, 0], [0, 1, 0], [0, 0.6, 0.8]]), features)
    assert found.atom.tolist() == [-1, 1, 2] and found.cosine[1:].tolist() == [1, 0.8]  # and pushes nothing aside
    assert (match(-features, features).atom == -1).all()  # opposites match nothing
    greedy = match(np.array([[0.8, 0.6, 0], [1, 0, 0]]), np.eye(2, 3))
    assert greedy.atom.tolist() == [1, 0]  # the best total, though atom 0 prefers feature 0
    few = match(features[1:2], features)
    assert few.atom.tolist() == [-1, 0, -1] and np.isnan(few.angle[[0, 2]]).all() and few.angle[1] == 0


def test_fates_read_as_sentences():
    found = [str(v) for v in fates(*trained(worlds.nested_pair(0.3), 2, 0.1))]
    assert found[0].startswith("feature 0: absorbed by feature 1, atoms ")
    assert found[1].startswith("feature 1: tilted by 45.0 degrees, atom ")
    assert str(fates(*trained(worlds.exclusive_children(3), 1, 0.1))[0]) == (
        "feature 0: merged with features 1, 2, 3, atom 0")


def test_messages():
    optimum, sample = trained(worlds.one_sparse(2), 2, 0.1)
    with pytest.raises(ValueError, match=r"match: D must have rows of unit norm; row 0 has norm 2"):
        match([[2.0, 0]], np.eye(2))
    with pytest.raises(ValueError, match=r"match: D must have 2 columns; its shape is \(3, 3\)"):
        match(np.eye(3), np.eye(2))
    with pytest.raises(TypeError, match="fates: sample must be of type Sample; got ndarray"):
        fates(optimum, sample.X)
    with pytest.raises(TypeError, match="fates: optimum must be of type Optimum; got Sample"):
        fates(sample, sample)
    with pytest.raises(ValueError, match="its X is different"):
        fates(optimum, worlds.one_sparse(2, [0.3, 0.7], magnitude=2.0).exact())
    bare = worlds.Sample(sample.X, np.zeros((2, 0)), np.zeros((0, 2)), sample.weights, np.zeros(2))
    with pytest.raises(ValueError, match="fates: sample must have true features; it has none"):
        fates(optimum, bare)
