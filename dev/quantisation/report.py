"""The table and the plot of docs/quantisation.md: `python3 report.py RESULTS.jsonl PLOT.svg`, RESULTS being what measure.py wrote."""

import json
import math
import pathlib
import sys

LEFT, RIGHT, TOP, BOTTOM, WIDTH, HEIGHT = 70, 30, 20, 50, 760, 520
LABELS = {"rounded": "", "searched": "search", "matrix": "imatrix", "chosen": "chosen", "llama.cpp": "llama.cpp, imatrix"}


def rows(path):
    for line in open(path):
        row = json.loads(line)
        name, kind = row["name"].split("|")
        made, cost = row["quantize"], row["perplexity"]
        yield {"name": name, "kind": kind, "bytes": made["bytes"], "bits": made["bits_per_weight"], "share": made["embedding_share"],
               "perplexity": cost["perplexity"], "kl": cost["kl"], "top1": cost["top1"]}


def table(results):
    print("| types | rounding | MB | bits a weight | embedding's share | perplexity | mean KL, nats | same token |")
    print("|---|---|---:|---:|---:|---:|---:|---:|")
    for r in results:
        print(f"| `{r['name']}` | {LABELS[r['kind']]} | {r['bytes'] / 1e6:.1f} | {r['bits']:.2f} | {100 * r['share']:.0f} % | {r['perplexity']:.2f} |"
              f" {r['kl']['mean']:.4f} ± {r['kl']['stderr']:.4f} | {100 * r['top1']:.1f} % |")


def mark(kind, x, y):
    """Circles: rounded; squares: searched; triangles: with an importance matrix; diamonds: types chosen; crosses: llama.cpp."""
    return {
        "matrix": f'<path d="M{x:.1f} {y - 6:.1f}l6 11h-12z"/>',
        "searched": f'<rect x="{x - 4.5:.1f}" y="{y - 4.5:.1f}" width="9" height="9" fill="white" stroke="black"/>',
        "chosen": f'<path d="M{x:.1f} {y - 7:.1f}l7 7l-7 7l-7 -7z"/>',
        "llama.cpp": f'<path d="M{x - 5:.1f} {y - 5:.1f}l10 10m0 -10l-10 10" stroke="black" stroke-width="2"/>',
        "rounded": f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5" fill="white" stroke="black"/>',
    }[kind]


def plot(points):
    low, high = math.floor(2 * min(p["bits"] for p in points)) / 2, math.ceil(2 * max(p["bits"] for p in points)) / 2
    logs = [math.log10(p["kl"]["mean"]) for p in points]
    least, most = min(logs) - 0.1, max(logs) + 0.1

    def x(bits):
        return LEFT + (WIDTH - LEFT - RIGHT) * (bits - low) / (high - low)

    def y(log):
        return TOP + (HEIGHT - TOP - BOTTOM) * (most - log) / (most - least)

    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="11">',
           f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>']
    for half in range(int(2 * low), int(2 * high) + 1):
        out.append(f'<path d="M{x(half / 2):.1f} {TOP}V{HEIGHT - BOTTOM}" stroke="#ccc"/>'
                   f'<text x="{x(half / 2):.1f}" y="{HEIGHT - BOTTOM + 16}" text-anchor="middle">{half / 2:g}</text>')
    for kl in (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1):
        if least <= math.log10(kl) <= most:
            out.append(f'<path d="M{LEFT} {y(math.log10(kl)):.1f}H{WIDTH - RIGHT}" stroke="#ccc"/>'
                       f'<text x="{LEFT - 6}" y="{y(math.log10(kl)) + 4:.1f}" text-anchor="end">{kl:g}</text>')
    placed = []
    for p, log in sorted(zip(points, logs), key=lambda each: -each[1]):
        across, down = x(p["bits"]), y(log)
        out.append(mark(p["kind"], across, down))
        word = p["name"].replace("embedding", "emb.")
        if any(word == other and abs(down - there) < 20 for other, there in placed):
            continue  # one word for marks that nearly touch
        placed.append((word, down))
        end = word.startswith("iq4_nl") and p["bits"] > low + 0.5 or across > WIDTH - 220
        meets = any(0 < x(other["bits"]) - across < 9 + 6 * len(word) and abs(y(there) - down) < 9 for other, there in zip(points, logs))
        under = 24 if meets and not end else 0
        out.append(f'<text x="{across + (-9 if end else 9):.1f}" y="{down + 4 + under:.1f}"{" text-anchor=" + chr(34) + "end" + chr(34) if end else ""}>{word}</text>')
    legend = [("rounded", "rounded"), ("searched", "--search"), ("matrix", "--imatrix"), ("chosen", "--target, --max-kl"), ("llama.cpp", "llama.cpp, same matrix")]
    out.append(f'<rect x="{WIDTH - 190}" y="{TOP}" width="160" height="{16 * len(legend) + 8}" fill="white" stroke="#ccc"/>')
    for i, (kind, word) in enumerate(legend):
        out.append(mark(kind, WIDTH - 176, TOP + 14 + 16 * i) + f'<text x="{WIDTH - 162}" y="{TOP + 18 + 16 * i}">{word}</text>')
    out.append(f'<text x="{(LEFT + WIDTH) / 2:.0f}" y="{HEIGHT - 12}" text-anchor="middle">bits per weight of the whole file</text>')
    out.append(f'<text transform="translate(16 {(TOP + HEIGHT - BOTTOM) / 2:.0f})rotate(-90)" text-anchor="middle">'
               'mean divergence from the source, nats</text></svg>')
    return "\n".join(out) + "\n"


found = sorted(rows(sys.argv[1]), key=lambda row: (-row["bits"], -row["kl"]["mean"]))
table(found)
pathlib.Path(sys.argv[2]).write_text(plot(found), encoding="utf-8")
