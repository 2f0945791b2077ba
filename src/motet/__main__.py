"""`python -m motet`: the command line where no script is installed."""

from motet.cli import entry

if __name__ == "__main__":
    entry()
