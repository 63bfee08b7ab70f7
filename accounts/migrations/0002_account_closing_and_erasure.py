from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="account",
            name="closed_at",
            field=models.DateTimeField(null=True, verbose_name="注销时间"),
        ),
        migrations.AddField(
            model_name="person",
            name="erased_at",
            field=models.DateTimeField(editable=False, null=True, verbose_name="删除时间"),
        ),
        migrations.AddField(
            model_name="person",
            name="erasure",
            field=models.UUIDField(editable=False, null=True, unique=True),
        ),
    ]
