"""Pictures of the theory at true optima: a file a figure, and rooms for what is around them.

pages/        the shell of every page that is written: head, looks, pictures, tables, formulas; a report of one optimum
gallery/      making the figures: the story they tell, their numbers and files, baselines, the page of them all
interactive/  pages with sliders, from optima computed beforehand

Imports go one way: gallery > interactive > the figures > pages > reports > style > base (kept by import-linter).
"""
