"""From a start to a verified optimum: phi and its derivatives, Newton, curvature, fit, fit_many."""
