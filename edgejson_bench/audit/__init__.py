"""What to know before trusting an extraction data set: each room looks for one kind of fault, or measures one thing.

Findings are results, never exceptions; only data that cannot be read at all is an error. Nothing here changes data.
"""
