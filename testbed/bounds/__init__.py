"""What no dictionary can beat: the convex programme of any width, certificates, gaps, merging."""
