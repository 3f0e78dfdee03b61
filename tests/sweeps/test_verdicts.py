"""Verdicts: what each threshold says of atoms placed by hand."""

from __future__ import annotations

import numpy as np
import pytest

from generators import forest, independent, superposition
from sweeps.verdicts import merged, nested, verdicts

F = np.eye(4, 6)
PAIRS = [(0, 1)]


def turned(a, b, angle):
    return np.cos(angle) * a + np.sin(angle) * b


def test_which_features_are_nested():
    assert nested(forest([-1, 0, 0, 1])) == [(0, 1), (0, 2), (1, 3)] and nested(independent(3)) == []
    assert nested(superposition(8, 4, gamma=0.5)) == [(0, 4), (1, 5)]


def test_the_truth_and_the_merged_dictionary():
    found = verdicts(F, F, PAIRS)
    assert found == {"free": 2, "free_recovered": 2, "parents": 1, "parents_recovered": 1, "children": 1,
                     "children_recovered": 1, "pairs_merged": 0, "split": 0, "median_cosine": 1.0}
    both = np.vstack([F[0], turned(F[0], F[1], np.pi / 4), F[2:]])
    found = verdicts(both, F, PAIRS)
    assert (found["parents_recovered"], found["children_recovered"], found["pairs_merged"]) == (1, 0, 1)
    assert verdicts(F[:0], F, PAIRS)["median_cosine"] == 0 and verdicts(F[:0], F, PAIRS)["free_recovered"] == 0


@pytest.mark.parametrize("cosine, recovered", [(0.951, 2), (0.949, 1)])
def test_recovery_is_a_cosine_of_95_percent(cosine, recovered):
    atoms = np.vstack([F[:3], turned(F[3], np.eye(6)[5], np.arccos(cosine))])
    assert verdicts(atoms, F, PAIRS)["free_recovered"] == recovered


def test_two_atoms_on_one_feature_are_a_split():
    aside = turned(F[2], np.eye(6)[4], 0.2)
    assert verdicts(np.vstack([F, aside]), F, PAIRS)["split"] == 1
    assert verdicts(np.vstack([F, turned(F[2], np.eye(6)[4], 0.4)]), F, PAIRS)["split"] == 0


@pytest.mark.parametrize("angle, out, held", [(0.0, 0.0, False), (0.09, 0.0, False), (0.11, 0.0, True),
                                              (0.8, 0.0, True), (1.48, 0.0, False), (-0.5, 0.0, False),
                                              (0.8, 0.30, True), (0.8, 0.34, False)])
def test_a_merge_lies_in_the_plane_of_the_pair_and_off_both(angle, out, held):
    atom = turned(turned(F[0], F[1], angle), np.eye(6)[5], out)
    assert merged(atom[None], F, 0, 1) == held
