import django.db.models.deletion
from django.db import migrations, models

# Entries from before have their account in their statement. The update is the one that their trigger refuses, so the trigger
# goes for its length; `evidence.protection` puts every trigger back after the migration.
ACCOUNT_IN = {
    "postgresql": "(convert_from(statement, 'UTF8')::jsonb #>> '{facts,account}')::bigint",
    "sqlite": "json_extract(CAST(statement AS TEXT), '$.facts.account')",
}


def find_accounts(apps, schema_editor):
    vendor = schema_editor.connection.vendor
    on = " ON evidence_entry" if vendor == "postgresql" else ""
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(f"DROP TRIGGER IF EXISTS qiyue_evidence_entry_update{on}", None)
        cursor.execute(f"UPDATE evidence_entry SET account = {ACCOUNT_IN[vendor]}", None)


class Migration(migrations.Migration):
    dependencies = [
        ("evidence", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Checkpoint",
            fields=[
                ("number", models.BigAutoField(primary_key=True, serialize=False)),
                ("size", models.BigIntegerField(unique=True)),
                ("root", models.BinaryField(max_length=32)),
                ("at", models.DateTimeField()),
                ("through", models.BigIntegerField()),
                ("note", models.TextField()),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.AddField(
            model_name="entry",
            name="account",
            field=models.BigIntegerField(db_index=True, editable=False, null=True),
        ),
        migrations.AlterField(
            model_name="entry",
            name="kind",
            field=models.CharField(
                choices=[
                    ("person.joined", "注册（某 QQ 号码设定密码，成为使用者）"),
                    ("administrator.made", "设立管理员（运营方在服务器上设立）"),
                    ("account.opened", "开通开发者账户（2.1.1）"),
                    ("account.closed", "账户所有人注销开发者账户"),
                    ("collaborator.granted", "账户所有人添加协作者（2.1.5）"),
                    ("collaborator.confirmed", "被添加的号码确认成为协作者"),
                    ("collaborator.ended", "协作者授权终止"),
                    ("role.given", "授予角色"),
                    ("role.ended", "收回角色"),
                    ("person.reset_link_issued", "管理员签发一次性密码重设链接"),
                    ("version.published", "公布一个版本"),
                    ("version.withdrawn", "在生效前撤回一个版本"),
                    ("acceptance.express", "明示同意（勾选并点击按钮）"),
                    ("acceptance.registration", "注册时同意"),
                    ("acceptance.deemed", "继续使用，视为同意（11.1）；不是明示同意"),
                    ("acceptance.paper", "书面同意，由运营方登记"),
                    ("acceptance.refused", "表示不同意"),
                    ("acceptance.disputed", "账户所有人对一次同意提出异议（2.1.7）"),
                    ("acceptance.ratified", "账户所有人追认一次无权代理的同意（民法典第一百七十一条）"),
                    ("objection.made", "提出书面异议（2.3.3、6.1、7.1）"),
                    ("notice.sent", "向一位接收人发出通知（7.1）"),
                    ("audit.exported", "审计员导出同意记录"),
                    ("evidence.pack_made", "制作一份出证包"),
                    ("hold.placed", "法律保全：暂停删除某人的信息"),
                    ("hold.lifted", "解除法律保全"),
                    ("person.erased", "删除某人的个人信息（个人信息保护法第四十七条）"),
                    ("log.key_introduced", "启用一把日志签名密钥"),
                ],
                max_length=40,
            ),
        ),
        migrations.CreateModel(
            name="LogKey",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("verifier_key", models.CharField(max_length=400, unique=True)),
                ("introduced_at", models.DateTimeField()),
                (
                    "entry",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="log_key", to="evidence.entry"
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Sealed",
            fields=[
                ("position", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "entry",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="sealed", to="evidence.entry"
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "sealed entries",
            },
        ),
        migrations.CreateModel(
            name="Tile",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("level", models.PositiveSmallIntegerField()),
                ("index", models.BigIntegerField()),
                ("hashes", models.BinaryField(max_length=8192)),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("level", "index"), name="evidence_tile_once")],
            },
        ),
        migrations.CreateModel(
            name="Cosignature",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("witness_key", models.CharField(max_length=400)),
                ("line", models.TextField()),
                ("received_at", models.DateTimeField()),
                (
                    "checkpoint",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="cosignatures",
                        to="evidence.checkpoint",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("checkpoint", "witness_key"), name="evidence_cosignature_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="TimestampAttempt",
            fields=[
                ("number", models.BigAutoField(primary_key=True, serialize=False)),
                ("authority", models.CharField(max_length=400)),
                ("at", models.DateTimeField()),
                ("response", models.BinaryField(null=True)),
                ("stamped_at", models.DateTimeField(null=True)),
                ("error", models.TextField(blank=True)),
                (
                    "checkpoint",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="timestamps", to="evidence.checkpoint"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("response__isnull", True),
                                ("stamped_at__isnull", True),
                                models.Q(("error", ""), _negated=True),
                            ),
                            models.Q(("error", ""), ("response__isnull", False), ("stamped_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="evidence_timestampattempt_one_outcome",
                    )
                ],
            },
        ),
        migrations.RunPython(find_accounts, migrations.RunPython.noop),
    ]
