"""What a person sees and does on each page, by the names that a screen reader says."""
