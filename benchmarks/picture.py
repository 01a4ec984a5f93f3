"""The results as a picture: a bar for each contender, for light pages and for dark ones."""

from html import escape
from statistics import median

from benchmarks.rebuilder import OURS_COLD, OURS_WARM
from benchmarks.results import Results

WIDTH, LABELS, NUMBERS = 760, 220, 60
ROW, BAR, TOP = 30, 18, 56
STYLE = """\
    text { font: 14px system-ui, sans-serif; fill: #1f2328 }
    .title { font-weight: 600 }
    .small { font-size: 12px; fill: #59636e }
    .peer { fill: #b6bec8 }
    .ours { fill: #0b6e4f }
    @media (prefers-color-scheme: dark) {
      text { fill: #f0f6fc }
      .small { fill: #9198a1 }
      .peer { fill: #4a5562 }
      .ours { fill: #3fb68b }
    }"""


def picture(results: Results) -> str:
    """An SVG, the fastest first."""
    medians = sorted(((median(each), title) for title, each in results.rebuilding.items()))
    scale = (WIDTH - LABELS - NUMBERS) / medians[-1][0]
    height = TOP + ROW * len(medians) + 8
    bars = [
        _bar(TOP + number * ROW, title, seconds, seconds * scale)
        for number, (seconds, title) in enumerate(medians)
    ]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
            f'width="{WIDTH}" height="{height}" role="img" aria-labelledby="title">',
            f"  <style>\n{STYLE}\n  </style>",
            f'  <text id="title" class="title" x="0" y="18">Seconds to rebuild a ve of '
            f"{results.wheels} wheels, the old one’s removal included</text>",
            f'  <text class="small" x="0" y="38">Medians, rounds: {results.runs}; '
            f"{escape(results.machine.partition(';')[0])}</text>",
            *bars,
            "</svg>",
            "",
        ]
    )


def _bar(y: int, title: str, seconds: float, width: float) -> str:
    kind = "ours" if title in (OURS_WARM, OURS_COLD) else "peer"
    middle = y + BAR / 2 + 5
    return (
        f'  <text x="{LABELS - 10}" y="{middle}" text-anchor="end">{escape(title)}</text>\n'
        f'  <rect class="{kind}" x="{LABELS}" y="{y}" width="{max(width, 1):.1f}" '
        f'height="{BAR}" rx="2"/>\n'
        f'  <text x="{LABELS + width + 8:.1f}" y="{middle}">{seconds:.2f}</text>'
    )
