"""Side by side with the peers: how near to one matrix product coding is, how far training gets and how soon.

    python -m benchmarks                      # everything, docs/benchmarks.md and figures/benchmarks.json
    python -m benchmarks coding training      # some sections; the others keep the results they have

Every job runs in a process of its own, with its number of threads fixed before numpy loads, and is saved as soon as it
ends. Accuracies are never a coder's own claim: testbed.verify recomputes them from the arrays returned.
"""
