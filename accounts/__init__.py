"""Who people are: persons, developer accounts, collaborator grants, roles and every question of authority."""
