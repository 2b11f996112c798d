"""What the rows and columns of a picture are: as text beside them, and as a line."""

import numpy as np

SIZE, GAP = 12, 4  # of the letters and around them, in pixels


def captioned(sheet, rows=(), heads=()):
    """A grid uint8 (h, w, 1 or 3) with a text beside each of its rows and above groups of columns; itself without any.

    `rows` are the texts of equally high rows from the top, `heads` pairs (text, number of columns) from the left.
    """
    from PIL import Image, ImageDraw, ImageFont

    if not rows and not heads:
        return sheet
    font, (height, width, channels) = ImageFont.load_default(SIZE), sheet.shape
    left = int(max((font.getlength(text) + 2 * GAP for text in rows), default=0))
    top = SIZE + 2 * GAP if heads else 0
    mode, white = ("L", 255) if channels == 1 else ("RGB", (255,) * 3)
    whole = Image.new(mode, (left + width, top + height), white)
    whole.paste(Image.fromarray(sheet[..., 0] if channels == 1 else sheet), (left, top))
    draw, columns, before = ImageDraw.Draw(whole), sum(count for _, count in heads), 0
    for index, text in enumerate(rows):
        draw.text((left - GAP, top + height * (index + 0.5) / len(rows)), text, 0, font, "rm")
    for text, count in heads:
        half = font.getlength(text) / 2
        middle = left + width * (before + count / 2) / columns
        draw.text((np.clip(middle, half, max(half, left + width - half)), top / 2), text, 0, font, "mm")
        before += count
    return np.asarray(whole).reshape(top + height, left + width, channels)


def line(rows=(), heads=()):
    """The same in words, such as "rows: class 0, class 1"; nothing where there is nothing to tell."""
    columns = [text if count == 1 else f"{count} {text}" for text, count in heads]
    return "; ".join(f"{name}: {', '.join(texts)}" for name, texts in (("rows", rows), ("columns", columns)) if texts)
