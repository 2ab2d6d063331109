"""Number systems that one traced program is read in: exact balls, what floats may return, signs."""
