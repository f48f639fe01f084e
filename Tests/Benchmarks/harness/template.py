"""Fills the configuration templates in `peers/`.

`@NAME@` stands for a value. Lines between `#@each LIST` and `#@end` are repeated for every item of that list, with the
item's own values in reach. Both marks are comments in every format used here, so a template reads as a configuration.
"""

import re


def fill(text, values, lists):
    """Returns `text` with every mark replaced; a mark without a value is an error of the template."""
    output, block, items = [], None, []
    for line in text.splitlines():
        mark = line.strip()
        if mark.startswith("#@each "):
            block, items = [], lists[mark.split()[1]]
        elif mark == "#@end":
            output += [_replace(inner, {**values, **item}) for item in items for inner in block]
            block = None
        elif block is not None:
            block.append(line)
        else:
            output.append(_replace(line, values))
    return "\n".join(output) + "\n"


def _replace(line, values):
    return re.sub(r"@([A-Z_]+)@", lambda match: str(values[match.group(1)]), line)
