"""Medians, tables, CSV and plots of what bench.py measures."""

import csv
import os
import shutil
import statistics
import subprocess
import sys

# A machine on which the plain variant itself spreads more than this says nothing about others.
NOISY = 1.5


def summary(samples):
    """Returns the median, the 10th and the 90th percentile."""
    if len(samples) == 1:
        return samples[0], samples[0], samples[0]
    cuts = statistics.quantiles(samples, n=10, method="inclusive")
    return statistics.median(samples), cuts[0], cuts[8]


def lower_quartile(samples):
    """A quarter of the samples is less."""
    return statistics.quantiles(samples, n=4, method="inclusive")[0]


class Section:
    """A table: a row for each variant, with its ratios to the plain variant and to the floor.

    What a variant adds is its median less the plain one's. Where the section is about what is
    added, the ratio to the floor is one of what both add.
    """

    COLUMNS = ("section", "variant", "size", "unit", "median", "p10", "p90", "samples",
               "added", "to_plain", "to_floor")

    def __init__(self, name, title, unit, adds=True, floor="floor"):
        self.name, self.title, self.unit, self.adds, self.floor = name, title, unit, adds, floor
        self.rows = []
        self.plain = None

    def add(self, variant, samples, plain=None, floor=None, size=""):
        """Adds a row. Plain and floor are rows that were added before."""
        median, low, high = summary(samples)
        row = {"section": self.name, "variant": variant, "size": size, "unit": self.unit,
               "median": median, "p10": low, "p90": high, "samples": len(samples)}
        if self.plain is None and plain is None:
            self.plain = row
        if plain:
            row["added"] = median - plain["median"]
            row["to_plain"] = median / plain["median"]
        if floor and self.adds and "added" in floor and floor["added"] > 0:
            row["to_floor"] = row["added"] / floor["added"]
        elif floor and not self.adds:
            row["to_floor"] = median / floor["median"]
        self.rows.append(row)
        return row

    def find(self, variant, size=""):
        """The row, or None."""
        for row in self.rows:
            if row["variant"] == variant and row["size"] == size:
                return row
        return None

    def added(self, variant, size=""):
        """What the variant adds, or None."""
        row = self.find(variant, size)
        return row and row.get("added")

    def noisy(self, plain):
        """Why nothing is to be concluded, or None."""
        row = plain or self.plain
        spread = row["p90"] / row["p10"]
        if spread <= NOISY:
            return None
        return f"the 90th percentile of '{row['variant']}' is {spread:.2f} times its 10th"

    def print(self):
        """Prints the table."""
        width = max(len(row["variant"]) for row in self.rows) + 2
        print(f"\n{self.title}, {self.unit}")
        print(f"{'':{width}}{'size':>5}{'median':>11}{'p10':>11}{'p90':>11}{'added':>11}"
              f"{'to plain':>10}{'to ' + self.floor:>10}")
        for row in self.rows:
            print(f"{row['variant']:{width}}{row['size']:>5}" +
                  "".join(f"{row[key]:11.2f}" if key in row else f"{'':11}"
                          for key in ("median", "p10", "p90", "added")) +
                  "".join(f"{row[key]:10.3f}" if key in row else f"{'':10}"
                          for key in ("to_plain", "to_floor")))

    def write(self, folder):
        """Writes the table as CSV and as a plot."""
        path = os.path.join(folder, self.name + ".csv")
        with open(path, "w", newline="", encoding="ascii") as file:
            writer = csv.DictWriter(file, self.COLUMNS)
            writer.writeheader()
            for row in self.rows:
                writer.writerow({key: f"{value:.4g}" if isinstance(value, float) else value
                                 for key, value in row.items()})
        if not shutil.which("gnuplot"):
            print("bench: no gnuplot, so no plot", file=sys.stderr)
            return
        lines = len({row["size"] for row in self.rows if row["size"] != ""}) > 4
        plot = self.line_plot() if lines else self.bar_plot()
        head = (f"set terminal svg size 900,540 background '#ffffff'\n"
                f"set output '{os.path.join(folder, self.name + '.svg')}'\n"
                f"set title '{self.title}'\nset ylabel '{self.unit}'\nset yrange [0:*]\n"
                "set grid ytics\n")
        subprocess.run(["gnuplot"], input=head + plot, text=True, check=True)

    def line_plot(self):
        """What each variant adds, over the size."""
        key = "added" if self.adds else "median"
        names = list(dict.fromkeys(row["variant"] for row in self.rows if key in row))
        text = "set key left top\nset xlabel 'size'\n"
        for index, name in enumerate(names):
            text += f"$data{index} << END\n"
            text += "".join(f"{row['size']} {row[key]}\n" for row in self.rows
                            if row["variant"] == name and row["size"] != "" and key in row)
            text += "END\n"
        curves = (f"$data{index} with linespoints title '{name}'"
                  for index, name in enumerate(names))
        return text + "plot " + ", ".join(curves) + "\n"

    def bar_plot(self):
        """A bar for each row, from the 10th to the 90th percentile a line over it."""
        text = "$data << END\n"
        text += "".join(f"\"{row['variant']} {row['size']}\" {row['median']} {row['p10']} "
                        f"{row['p90']}\n" for row in self.rows)
        return text + ("END\nunset key\nset style fill solid 0.4\nset boxwidth 0.7\n"
                       "set xtics rotate by -40\nset bmargin 9\nset rmargin 9\n"
                       "plot $data using 0:2:xtic(1) with boxes, "
                       "$data using 0:2:3:4 with yerrorbars linetype -1 pointtype 0\n")


class Bars:
    """What is demanded of the figures, and whether they bear it out."""

    def __init__(self):
        self.lines = []

    def bar(self, section, text, one, other, limit, least=False, plain=None):
        """ONE is to be at most (or at least) LIMIT times OTHER; None where it was not measured. A
        LIMIT of None demands nothing. PLAIN, or the section's own plain row, tells whether the run
        was too noisy."""
        if one is None or other is None:
            return
        why = section.noisy(plain)
        if other <= 0:
            self.lines.append(f"{text}: nothing to conclude: {why or 'it cannot be told from 0'}")
            return
        ratio = one / other
        if limit is None:
            self.lines.append(f"{text}: {ratio:.3f}" + (f", but {why}" if why else ""))
            return
        holds = ratio >= limit if least else ratio <= limit
        verdict = f"nothing to conclude: {why}" if why else "holds" if holds else "DOES NOT HOLD"
        bound = "at least" if least else "at most"
        self.lines.append(f"{text}: {ratio:.3f} ({bound} {limit:.2f}): {verdict}")

    def print(self):
        """Prints them."""
        if self.lines:
            print("\nwhat was promised, and what came out")
        for line in self.lines:
            print("  " + line)
