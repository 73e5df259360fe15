"""What the end-to-end tests stand on: AWS on one machine, Spark, Terraform and Lambda, each behind a small module.

`tests/README.md` says which module a test of which thing wants.
"""
