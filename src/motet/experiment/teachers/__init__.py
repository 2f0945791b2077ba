"""Teachers: trained models that tasks learn from. The experiment opens their runs; training hears what they say.

`find` says which model teaches, and `teachers` asks at the start whether it can teach this student, by `agreement`,
`ways` and `map_scales`; `motet.experiment.leaks` asks whether it has heard what tests here. `stored` asks it before
training begins, `live` at every step; `terms` puts what it says in the terms of the student, and `fold` all together.
"""
