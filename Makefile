# Every command of the project: `make help` lists them. They use .venv, which they make themselves, and need no environment variable.

PORT := $(or $(PORT),8000)
MANAGE = .venv/bin/python manage.py

export PORT
export PYTHONUTF8 = 1
# One project, one settings module: a name left over from other work must not reach us.
unexport DJANGO_SETTINGS_MODULE PYTHONHOME PYTHONPATH

.PHONY: help install install-dev run test soak check lint messages migrate
.DEFAULT_GOAL := help

help: ## list the commands
	@sed -nE 's/^([a-z]+): .*## (.*)/make \1|\2/p' Makefile | while IFS='|' read -r name what; do printf '  %-14s %s\n' "$$name" "$$what"; done

install: ## make .venv with what the portal needs
	@scripts/install.sh

install-dev:
	@scripts/install.sh dev

run: install ## serve the portal with its demo on http://127.0.0.1:8000 (PORT=8001 for another port)
	@exec .venv/bin/python -m scripts.run

test: install-dev ## run every test, on SQLite and on PostgreSQL where one answers (ARGS="-k words" for some)
	@exec .venv/bin/python -m scripts.test $(ARGS)

soak: install-dev ## run the long tests, which make test leaves out
	@exec .venv/bin/python -m scripts.test -m soak $(ARGS)

check: install-dev ## let Django check the project, also as it would run in production, and look for missing migrations
	$(MANAGE) check
	@echo "$(MANAGE) check --deploy, as in production"
	@QIYUE_ENV=production ALLOWED_HOSTS=qiyue.example SECRET_KEY=$$(.venv/bin/python -c 'import secrets; print(secrets.token_urlsafe(64))') \
		$(MANAGE) check --deploy --fail-level WARNING
	DATABASE_URL=sqlite://:memory: $(MANAGE) makemigrations --check --dry-run

lint: install-dev ## look for faults of style and types; changes nothing
	.venv/bin/python -m ruff check
	.venv/bin/python -m ruff format --check
	find templates -name '*.html' -exec .venv/bin/djade --target-version 5.2 --check {} +
	.venv/bin/python -m mypy

messages: install-dev ## collect the words of the interface and compile their translations (needs gettext)
	$(MANAGE) makemessages -l en --no-location --no-wrap --ignore .venv --ignore staticfiles --ignore tests
	$(MANAGE) compilemessages -l en --ignore .venv

migrate: install ## bring the database up to date
	$(MANAGE) migrate
