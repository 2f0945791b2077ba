"""Teachers: trained models that tasks learn from. The experiment opens their runs; training hears what they say.

`find` says which model teaches, `agreement` whether student and teacher mean the same, `leaks` whether it has heard
what tests here, `stored` asks it before training begins, `live` at every step, and `fold` puts this together.
"""
