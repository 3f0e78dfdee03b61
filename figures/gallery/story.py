"""The story that the gallery tells: chapters, in order, and the figures of each.

A figure is registered by one line here: its name, in the chapter where a reader should meet it. A page that is more
than a figure (an interactive one) is registered by a `Further` line in the same way.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Further:
    """A further page of the gallery.

    file : where it lies, relative to the gallery page; it is linked only if it exists there.
    title : what a reader can do there, in a few words.
    text : one sentence.
    """

    file: str
    title: str
    text: str


@dataclass(frozen=True)
class Chapter:
    """One chapter: id (its anchor), title, text (paragraphs), names of its figures, further pages."""

    id: str
    title: str
    text: tuple[str, ...]
    figures: tuple[str, ...]
    pages: tuple[Further, ...] = ()


CHAPTERS: tuple[Chapter, ...] = (
    Chapter(
        "problem", "The problem",
        ("A sparse dictionary writes each data point as a few nonnegative multiples of unit vectors, its atoms, "
         "and pays λ for every unit of activity. What the codes leave over is the residual. Given the atoms, the "
         "best codes are unique in what they reconstruct: the residual is the point of a polytope that lies "
         "nearest to the data, and its length has a floor that only the atoms in use decide.",
         "Finding the atoms is the hard half. The objective has many minima, yet each can be reached to the last "
         "few digits, and everything below is said about points at which that was verified."),
        (
            "polytope",
            "landscape",
        ),
    ),
    Chapter(
        "optimality", "Optimality",
        ("At an optimum no atom can be turned to advantage. That one fact ties the angles between atoms to the "
         "statistics of their activity: averaged over its own activity, the residual points along the atom, and "
         "the codes seen while an atom is silent must span a cone that contains a vector made of cosines and mean "
         "activities.",
         "These are equations and inequalities about any data at all. They hold where training has finished, and "
         "fail by orders of magnitude where it has not, or where something else was optimised."),
        (
            "training",
            "cone",
            "impostors",
        ),
    ),
    Chapter(
        "splitting", "Splitting and absorption",
        ("Features that fire together pull their atoms together. A mild pull tilts both; a strong one breaks the "
         "symmetry between them. If one feature fires only where another does, the pull wins altogether: supports "
         "of different atoms cannot be nested, so the child's atom takes over the parent, which falls silent "
         "there. This is absorption, and it is optimal.",
         "Given more atoms, the optimum divides what it merged. Two copies of an atom fall apart at once; as the "
         "dictionary widens, groups of exclusive features split, into a tree or not. Whether the "
         "true features are an optimum at all, for a small penalty, is decided by a linear program."),
        (
            "one_sparse",
            "tilt",
            "symmetry_breaking",
            "absorption",
            "extreme_ray",
            "splitting",
            "splitting_tree",
            "phases",
            "hysteresis",
            "published",
            "recovery",
            "classical",
        ),
        (
            Further("interactive_two_features.html", "Drag two features together",
                 "Set how often they fire together, how often the child fires alone, and λ: atoms tilt, absorb, jump."),
        ),
    ),
    Chapter(
        "residuals", "Residuals",
        ("What a dictionary leaves over looks like noise and is not. At an optimum, the covariance of the residual "
         "with the reconstruction is known from the atoms and their mean activities alone: it is symmetric, "
         "positive semidefinite, and as large as the penalty demands.",),
        (
            "residuals",
        ),
    ),
    Chapter(
        "antipodal", "Antipodal features",
        ("With a fitted bias, silence carries information too. A feature that is on more than half of the time is "
         "cheaper to describe by its absence, and one whose magnitude varies enough is described from its median, "
         "by two atoms that point in opposite directions and fire about equally often.",),
        (
            "density",
        ),
        (
            Further("interactive_density.html", "Make a feature denser",
                 "Beyond one half, a feature whose magnitudes spread becomes an antipodal pair."),
        ),
    ),
    Chapter(
        "wide", "The wide limit",
        ("More atoms never hurt, and there is a floor that no number of atoms can pass: the cost of coding every "
         "point by a direction of its own. A dictionary has reached it when no residual is longer than λ, which "
         "certifies a global optimum; until then, the longest residual is the direction of an atom that would "
         "help.",
         "Along the way optimal objectives obey bounds, in the penalty as in the number of atoms, so that a "
         "minimum which a search has missed can be seen from its neighbours."),
        (
            "lam_path",
            "width_path",
            "wide_limit",
            "any_width",
            "merging",
        ),
        (
            Further("interactive_width.html", "Add atoms one by one",
                 "Categories refine until every point has an atom of its own, and the objective rests on its floor."),
        ),
    ),
    Chapter(
        "successors", "Successors",
        ("What codes cost can be chosen otherwise: an energy price, a concave one, one that saturates, a count. The "
         "objective sees an atom through its residual alone, so that most of what holds under l1 holds with the price "
         "at the margin, g′(z), in the place of λ: balance, normal equations, the residual's structure. What an atom "
         "pays can be read off a dictionary.",
         "Three things change. A parent may stay on under its child, at one cosine that the price sets. Correlated "
         "features stop pulling atoms together once codes are free. And optima stop being unique: valleys lead from "
         "the truth to others that cost the same, and past their end there is often something cheaper. Under none of "
         "these objectives is a nested pair of features the optimum."),
        (
            "nesting_law",
            "six_objectives",
            "predictable",
            "price_fingerprint",
            "objectives_atlas",
        ),
        (
            Further("interactive_successors.html", "Bend the price",
                 "From an energy price through l1 to free codes: the child's atom lets go of the parent, and yet..."),
        ),
    ),
    Chapter(
        "data", "Real data",
        ("None of this needs a toy. The statements about an optimum hold for any data, so that a dictionary "
         "trained on images can be held to them to the same digits.",),
        (
            "digits",
            "benchmarks",
        ),
    ),
    Chapter(
        "audits", "Other people's dictionaries",
        ("A sparse autoencoder is a dictionary with an encoder that must produce its codes in one step. What it loses "
         "can be split exactly: codes that are not the best ones, a dictionary that is not finished, a basin that is "
         "not the best. Each part has an error bar, and the price that a latent behaves as if it paid names the "
         "objective that trained it.",
         "The command testbed audit says all this of SAEs from three libraries, on anyone's activations. Here it is "
         "asked of SAEs trained on worlds whose optimum is known: where is the objective at fault, and where the "
         "encoder?",
         "One such world, many features in few dimensions with some of them nested, is a question that others have "
         "posed: where does recovery end and merging begin? A sweep of exact optima beside SAEs answers for the cells "
         "it has: the optimum recovers what can be recovered and merges what is nested, and at a small penalty it is "
         "the encoder that loses the rest. What was asked, seen and left open is in docs/questions.md."),
        (
            "fingerprints",
            "sae_training",
            "letting_go",
            "o43",
            "audit_real",
        ),
    ),
)

ORDER = tuple(name for chapter in CHAPTERS for name in chapter.figures)
