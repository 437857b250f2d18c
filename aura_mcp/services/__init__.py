"""What AURA can do, one module for each noun: gather from `data`, decide in `engine`, record in `data`.

Commands, tools and pages call these and nothing below them.
"""
