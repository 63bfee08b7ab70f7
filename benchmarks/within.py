"""python -m benchmarks.within MODULE …: runs a module with Django set up, so that it may import models at its top."""

import runpy
import sys

import django

if __name__ == "__main__":
    django.setup()
    sys.argv.pop(0)
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
