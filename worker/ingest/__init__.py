"""Where documents come from: polling, spools and pages, politely and on guard."""
