"""Two or three atoms under any separable price, without the project: numpy and scipy alone.

Codes are the best of all supports and, where a price has two pieces, of all ways to lie on them: each is one linear
system; log is polished by majorisation and Newton. The objective is then a function of the atoms' angles, searched by a
grid and descent. Prices are named tuples of a word and numbers: ("mcp", lam, gamma).
"""

from __future__ import annotations

import itertools

import numpy as np
from scipy.optimize import minimize

Price = tuple


def value(price: Price, Z: np.ndarray) -> np.ndarray:
    """g of every code z >= 0, of any shape; of TopK 0."""
    word, *p = price
    if word == "l1":
        return p[0] * Z
    if word == "energy":
        return p[0] * Z + p[1] * Z * Z / 2
    if word == "log":
        return p[0] * p[1] * np.log1p(Z / p[1])
    if word == "mcp":
        t = np.minimum(Z, p[0] * p[1])
        return p[0] * t - t * t / (2 * p[1])
    return p[0] * (Z > 0) if word == "l0" else np.zeros_like(Z)


def slope(price: Price, Z: np.ndarray) -> np.ndarray:
    """g' at codes z > 0."""
    word, *p = price
    if word == "l1":
        return np.full_like(Z, p[0])
    if word == "energy":
        return p[0] + p[1] * Z
    if word == "log":
        return p[0] / (1 + Z / p[1])
    if word == "mcp":
        return np.maximum(p[0] - Z / p[1], 0)
    return np.zeros_like(Z)


def losses(price: Price, X: np.ndarray, D: np.ndarray, Z: np.ndarray) -> np.ndarray:
    """(n,) 1/2 |x - zD|^2 + sum_j g(z_j)."""
    R = X - Z @ D
    return 0.5 * (R * R).sum(axis=1) + value(price, Z).sum(axis=1)


def codes(price: Price, X: np.ndarray, D: np.ndarray) -> np.ndarray:
    """(n, m) codes of least loss for every sample: all supports, all pieces, each clipped at 0 and then judged."""
    m, G, scores = len(D), D @ D.T, X @ D.T
    best = np.zeros((len(X), m))
    least = losses(price, X, D, best)

    def offer(Z: np.ndarray) -> None:
        nonlocal best, least
        Z = np.where(np.isfinite(Z), np.maximum(Z, 0), 0)
        loss = losses(price, X, D, Z)
        better = loss < least - 1e-15
        best, least = np.where(better[:, None], Z, best), np.where(better, loss, least)

    most = price[1] if price[0] == "topk" else m
    for size in range(1, most + 1):
        for support in itertools.combinations(range(m), size):
            A = list(support)
            for curved, dear in _pieces(price, size):
                Z = np.zeros((len(X), m))
                M = G[np.ix_(A, A)] + np.diag(curved)
                if abs(np.linalg.det(M)) > 1e-12:
                    Z[:, A] = np.linalg.solve(M, (scores[:, A] - dear).T).T
                    offer(Z)
            if price[0] == "log":
                for start in (scores[:, A], best[:, A], np.linalg.lstsq(D[A].T, X.T, rcond=None)[0].T):
                    Z = np.zeros((len(X), m))
                    Z[:, A] = _log(price, scores[:, A], G[np.ix_(A, A)], np.maximum(start, 1e-3))
                    offer(Z)
    return best


def _pieces(price: Price, size: int):
    """(curvatures, prices) of the ways in which `size` codes can lie on the pieces of a price with linear slopes."""
    word, *p = price
    if word == "mcp":
        for curved in itertools.product((False, True), repeat=size):
            c = np.array(curved)
            yield np.where(c, -1 / p[1], 0), np.where(c, p[0], 0)
    elif word == "energy":
        yield np.full(size, p[1]), np.full(size, p[0])
    elif word != "log":
        yield np.zeros(size), np.full(size, p[0] if word == "l1" else 0.0)


def _log(price: Price, s: np.ndarray, G: np.ndarray, Z: np.ndarray) -> np.ndarray:
    """Stationary codes of a support under log, from Z (n, a): weights 1/(1 + z/eps), then Newton."""
    _, lam, eps = price
    for _ in range(60):
        Z = np.maximum(np.linalg.solve(G + 1e-9 * np.eye(len(G)), (s - lam / (1 + np.maximum(Z, 0) / eps)).T).T, 0)
    for _ in range(30):
        away = np.maximum(Z, 0)
        H = G + np.einsum("ij,jk->ijk", -lam / eps / (1 + away / eps) ** 2, np.eye(len(G)))
        step = np.linalg.solve(H, (s - away @ G - lam / (1 + away / eps))[:, :, None])[:, :, 0]
        Z = away + np.clip(step, -0.5, 0.5)
    return Z


def at(angles: np.ndarray) -> np.ndarray:
    """(m, 2) atoms at angles in radians."""
    return np.column_stack([np.cos(angles), np.sin(angles)])


def phi(price: Price, X: np.ndarray, w: np.ndarray, angles: np.ndarray) -> float:
    """The objective of atoms at these angles, with the best codes."""
    D = at(np.asarray(angles))
    return float(w @ losses(price, X, D, codes(price, X, D)))


def slopes(price: Price, X: np.ndarray, w: np.ndarray, angles: np.ndarray) -> np.ndarray:
    """(m,) its derivatives in the angles, -E[z_j <r, u_j>]."""
    D = at(np.asarray(angles))
    Z = codes(price, X, D)
    R = X - Z @ D
    return -np.einsum("i,ij,ij->j", w, Z, R @ np.column_stack([-D[:, 1], D[:, 0]]).T)


def descend(price: Price, X: np.ndarray, w: np.ndarray, angles: np.ndarray) -> tuple[float, np.ndarray]:
    """A local minimum from a start."""
    end = minimize(lambda a: phi(price, X, w, a), angles, jac=lambda a: slopes(price, X, w, a), method="BFGS",
                   options={"gtol": 1e-12, "maxiter": 200})
    end = minimize(lambda a: phi(price, X, w, a), end.x, method="Nelder-Mead",
                   options={"xatol": 1e-10, "fatol": 1e-16, "maxiter": 400,
                            "initial_simplex": end.x + 1e-4 * np.vstack([np.zeros(len(angles)), np.eye(len(angles))])})
    return float(end.fun), end.x


def minima(price: Price, X: np.ndarray, w: np.ndarray, step: float = 5.0, most: int = 6) -> list:
    """(F, angles (2,)) of two atoms, lowest first: descent from the lowest places of a grid of `step` degrees."""
    grid = np.radians(np.arange(-40.0, 131.0, step))
    F = np.array([[phi(price, X, w, np.array([a, b])) if a <= b else np.inf for b in grid] for a in grid])
    padded = np.pad(F, 1, constant_values=np.inf)
    low = np.min([padded[1 + i:padded.shape[0] - 1 + i, 1 + j:padded.shape[1] - 1 + j]
                  for i in (-1, 0, 1) for j in (-1, 0, 1)], axis=0)
    places = np.argwhere((F <= low) & np.isfinite(F))
    places = sorted(map(tuple, places), key=lambda place: F[place])[:most]
    return sorted(((f, np.sort(a)) for f, a in (descend(price, X, w, grid[list(place)]) for place in places)),
                  key=lambda found: found[0])
