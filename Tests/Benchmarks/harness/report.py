"""Tables for people. The JSON beside them has every round."""

MIB = 1_048_576


def table(header, rows):
    """Aligned text; the first column to the left, figures to the right."""
    rows = [[str(cell) for cell in row] for row in [header, *rows]]
    widths = [max(len(row[column]) for row in rows) for column in range(len(header))]
    lines = [
        "  ".join(cell.ljust(width) if column == 0 else cell.rjust(width)
                  for column, (cell, width) in enumerate(zip(row, widths))).rstrip()
        for row in rows]
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(lines)


def comparison(summary, baseline, per_byte):
    """The table of a comparing scenario, from `comparison.summarise`."""
    header = ["", "CPU µs/req", "user", "system", f"÷ {baseline}", *(["ns/byte"] if per_byte else []),
              "req/s", "p50 ms", "p99 ms", "busy", "RSS MiB", "peak MiB", "failed"]
    rows = []
    for name, figures in summary.items():
        ratio = figures["ratio"]
        rows.append([
            name, f"{figures['cpu_us']:.1f}", f"{figures['user_us']:.1f}", f"{figures['system_us']:.1f}",
            "–" if ratio is None else f"{ratio:.2f}",
            *([f"{figures['ns_per_byte']:.3f}"] if per_byte else []),
            f"{figures['requests_per_second']:.0f}", f"{figures['p50_ms']:.2f}", f"{figures['p99_ms']:.2f}",
            f"{figures['busy']:.0%}", f"{figures['resident'] / MIB:.1f}", f"{figures['peak'] / MIB:.1f}",
            figures["failed"]])
    text = table(header, rows)
    foreign = max(figures["foreign"] for figures in summary.values())
    if foreign > 0.10:
        text += f"\n  the gateway's core was not quiet: others took up to {foreign:.0%} of it; compare ratios, not figures"
    return text
