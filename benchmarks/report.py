"""The table: docs/benchmarks.md from the results, and nothing that is not in them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from statistics import median
from typing import Any

from benchmarks import goals
from benchmarks.coders import CODERS
from benchmarks.trainers import PEERS
from benchmarks.training import CAPS, JOBS, LEVELS, OURS

Jobs = Mapping[str, Mapping[str, Any]]


def build(results: Mapping[str, Any]) -> str:
    """The whole page, in Markdown."""
    jobs = dict(sorted(results["jobs"].items()))
    parts = [*head(results), *aims(jobs), *coding(jobs), *training(jobs), *estimator(jobs), *hostile(jobs),
             *small(jobs), *scaling(jobs), *waiting(jobs), *trouble(jobs)]
    return "\n".join(parts) + "\n"


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """A Markdown table; numbers go to the right."""
    lines = [list(header), ["---", *["--:"] * (len(header) - 1)], *map(list, rows)]
    return ["| " + " | ".join(line) + " |" for line in lines] + [""]


def number(value: float | None, digits: int = 2) -> str:
    """Short, and readable at any size."""
    if value is None:
        return "–"
    if value == float("inf"):
        return "never"
    if value == 0 or 1e-3 <= abs(value) < 1e6:
        return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.{digits + 1}g}"
    return f"{value:.0e}"


def head(results: Mapping[str, Any]) -> Iterator[str]:
    machine = results["machine"]
    dates = sorted({job["date"] for job in results["jobs"].values()})
    took = sum(job["took_s"] for job in results["jobs"].values())
    yield "# Benchmarks\n"
    yield "Made by `make bench` from `benchmarks/`; the numbers behind it are in `figures/benchmarks.json`.\n"
    yield (f"{' to '.join(dict.fromkeys([dates[0], dates[-1]]))} on {machine['cores']} cores of {machine['cpu']}, "
           f"{machine['memory_gb']:g} GB, {machine['system']}; Python {machine['python']}, {machine['blas']}; "
           f"{took / 60:.0f} minutes in all. {quiet(results['jobs'])}\n")
    versions = (f"{name} {found or 'not installed'}" for name, found in sorted(machine["versions"].items()))
    yield f"Versions: {', '.join(versions)}.\n"


def quiet(jobs: Jobs) -> str:
    """Whether anyone else was using the machine."""
    busy = [job["others"] for job in jobs.values() if job.get("others") is not None]
    if not busy:
        return "Whether the machine was otherwise idle is not known."
    text = (f"Just before each job, others used {median(busy):.0%} of the processors (median; at most "
            f"{max(busy):.0%})")
    return text + (": the machine was NOT quiet, so that times and ratios are rough." if max(busy) > 0.1 else ".")


def aims(jobs: Jobs) -> Iterator[str]:
    yield "## Goals\n"
    verdict = {True: "met", False: "not met", None: "not measured"}
    yield from table(["goal", "aim", "reached", "verdict"], [
        [g.what + (f" ({g.note})" if g.note else ""), f"{'≤' if g.most else '≥'} {g.aim:g} {g.unit}".strip(),
         f"{number(g.reached)} {g.unit if g.reached is not None else ''}".strip(),
         verdict[g.met] + (f", stretch {g.stretch:g} too" if g.stretched else "")] for g in goals.goals(jobs)])


def coding(jobs: Jobs) -> Iterator[str]:
    yield "## Coding\n"
    yield ("Multiples of one preallocated float64 product X Dᵀ on as many threads, medians of alternating runs; in "
           "brackets the time over ours, with the Gram matrix given where theirs is. Where it is not given, making it "
           "counts. Everyone is set to a KKT violation of 1e-10 or the best on offer; what was reached (worst sample, "
           "normalised) is in the second table.\n")
    for threads in (1, 2):
        cells = {c.name: [goals.coder(jobs, size, threads, c.name) for size in goals.SIZES] for c in CODERS
                 if threads in c.threads}
        sizes = [jobs.get(f"coding {size} {threads}", {}) for size in goals.SIZES]
        yield f"### On {threads} thread{'s' * (threads > 1)}\n"
        yield from table(["time / product (/ ours)", *goals.SIZES], [
            ["*product, ms*", *(number(1e3 * s["floor_s"]) if "floor_s" in s else "–" for s in sizes)],
            *([name, *(f"{number(c['floors'])} ({number(c['ratio'])})" if c else "–" for c in row)]
              for name, row in cells.items())])
        yield from table(["worst KKT violation", *goals.SIZES], [
            [name, *(number(c.get("kkt")) for c in row)] for name, row in cells.items()])
        some = [f"{name} at {size} ({c['rows']:,})" for name, row in cells.items()
                for size, c in zip(goals.SIZES, row, strict=True) if c and c["scale"] > 1]
        if some:
            yield "Run on some rows only (how many), and scaled: " + ", ".join(some) + ".\n"
    shapes = [f"{s} n = {j['n']}, d = {j['d']}, m = {j['m']}, λ = {j['lam']}, {j['coders']['testbed']['support']:.1f} "
              "atoms a sample" for s in goals.SIZES if "coders" in (j := jobs.get(f"coding {s} 1", {}))]
    if shapes:
        yield "; ".join(shapes) + ".\n"


def training(jobs: Jobs) -> Iterator[str]:
    yield "## Training\n"
    yield ("Seconds until the stationarity residual max |E[z r] − λ μ d| / (λ μ) is below a level; everyone starts "
           "from the same atoms. Peers are run until the residual stalls (has not fallen by a tenth over the last "
           "half of the time) or to a cap, and measured off the clock. Medians where there are several starts.\n")
    for problem in CAPS:
        rows = []
        for trainer, threads in ((case.split("/")[1], t) for case, t in JOBS if case.startswith(problem + "/")):
            ends = goals.runs(jobs, problem, trainer, threads)
            if not ends:
                continue
            first = ends[0]
            end = ", ".join(sorted({r["status"] for r in ends})) if "status" in first else (
                f"stalled after {number(first['stall_s'])} s" if first["stalled"] else
                f"given up after {number(first['total_s'])} s")
            rows.append([trainer, str(threads), str(len(ends)),
                         *(number(goals.time_to(ends, f"{level:g}")) for level in LEVELS),
                         number(median(r["stationarity"] for r in ends)), f"{min(r['objective'] for r in ends):.7f}",
                         end])
        if rows:
            job = next(jobs[f"training {case} {t}"] for case, t in JOBS if case.startswith(problem + "/")
                       and "n" in jobs.get(f"training {case} {t}", {}))
            yield f"### {problem}: {job['n']} × {job['d']}, {job['m']} atoms, λ = {job['lam']}\n"
            yield from table(["trainer", "threads", "starts", *(f"{level:g}" for level in LEVELS), "residual reached",
                              "best objective", "end"], rows)
            yield from matched(jobs, problem)


def matched(jobs: Jobs, problem: str) -> Iterator[str]:
    """Ours at the accuracy that each peer reached."""
    mine, said = goals.runs(jobs, problem, OURS), []
    for trainer in PEERS:
        for end in goals.runs(jobs, problem, trainer)[:1]:
            times = [next((t for t, _, r in run["trace"] if r <= end["stationarity"]), float("inf")) for run in mine]
            if times:
                said.append(f"{number(end['stationarity'])} of {trainer} ({number(end['stall_s'])} s) after "
                            f"{number(median(times))} s")
    if said:
        yield "At their accuracy: testbed passes the " + ", the ".join(said) + ".\n"


def estimator(jobs: Jobs) -> Iterator[str]:
    rows = [[job["case"], f"{job['overhead'] - 1:+.1%}", number(job["peer_stationarity"]), number(job["peer_s"]),
             number(job["ours_s"]), number(job["ratio"]), number(job["stationarity"])]
            for name, job in jobs.items() if name.startswith("estimator ") and "overhead" in job]
    if rows:
        yield "## As an estimator\n"
        yield ("testbed.SparseDictionary beside scikit-learn's DictionaryLearning, from the same atoms: what it costs "
               "over `fit`, and the seconds of each to the least stationarity residual that DictionaryLearning "
               "reached.\n")
        yield from table(["problem", "over fit", "their residual", "they, s", "we, s", "ratio", "our residual"], rows)


def hostile(jobs: Jobs) -> Iterator[str]:
    rows = [[name.split(" ")[1], str(job["m"]), str(len(job["ends"])),
             ", ".join(f"{n} {s}" for s in sorted({e["status"] for e in job["ends"]})
                       if (n := sum(e["status"] == s for e in job["ends"]))),
             number(max(e.get("stationarity", float("inf")) for e in job["ends"])),
             str(sum(e["failed_codes"] for e in job["ends"])), number(median(e["seconds"] for e in job["ends"]))]
            for name, job in jobs.items() if name.startswith("hostile ") and "ends" in job]
    if rows:
        yield "## Hostile initialisations\n"
        yield from table(["initial atoms", "atoms", "starts", "ended", "worst residual", "failed codes", "seconds"],
                         rows)


def small(jobs: Jobs) -> Iterator[str]:
    rows = [[{"batch": "fit_many", "loop": "a loop over fit"}[job["case"]], str(job["threads"]), str(job["problems"]),
             number(job["verified"] / job["problems"]), number(job["stationarity"]), number(job["per_second"])]
            for name, job in jobs.items() if name.startswith("small ") and "verified" in job]
    if rows:
        yield "## Small problems\n"
        yield "Optima a second at m = 4, d = 8, n = 200, counting those that verification accepts.\n"
        yield from table(["by", "threads", "problems", "share verified", "worst residual", "a second"], rows)


def scaling(jobs: Jobs) -> Iterator[str]:
    rows = [[f"{job['case'].split('/')[0]} in {job['axis']}", f"{job['values'][0]}–{job['values'][-1]}",
             "; ".join(f"{name} {number(s[0])}–{number(s[-1])} s, exponent {job['exponents'][name]:.2f}"
                       for name, s in job["seconds"].items())]
            for name, job in jobs.items() if name.startswith("scaling ") and "seconds" in job]
    if rows:
        yield "## Scaling\n"
        yield from table(["curve", "from–to", "time, fitted power"], rows)


def waiting(jobs: Jobs) -> Iterator[str]:
    job = jobs.get("memory encode 2", {})
    if "beyond_gb" in job:
        yield "## Memory\n"
        yield (f"Coding {job['n']:,} × {job['d']} on {job['m']:,} atoms ({number(job['seconds'])} s): "
               f"{job['beyond_gb']:.2f} GB at the peak beyond the {job['data_gb']:.2f} GB of data and atoms, of which "
               f"{job['before_gb']:.2f} GB before coding began; all scores would take {job['scores_gb']:.1f} GB.\n")
    rows = [[job["case"], number(job["seconds"]), number(job["worst"])] for name, job in jobs.items()
            if name.startswith("startup ") and "worst" in job]
    if rows:
        yield "## Waiting\n"
        yield from table(["", "seconds, median", "worst"], rows)


def trouble(jobs: Jobs) -> Iterator[str]:
    missing = sorted({f"{name}: {entry['missing']}" for job in jobs.values() for name, entry in
                      [*job.get("coders", {}).items(), (job.get("trainer", job.get("case", "")), job)]
                      if "missing" in entry})
    errors = [f"{name}: {job['error']}" for name, job in jobs.items() if "error" in job]
    if missing or errors:
        yield "## Not measured\n"
        yield from [f"- {line}" for line in (*missing, *errors)]
        yield ""
