"""What people read: one page about a run (`page`), and a table over many (`comparison`); both from files alone.

Nothing here imports training, networks or data.
"""
