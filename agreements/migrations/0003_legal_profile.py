from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("agreements", "0002_kept_comparisons"),
    ]

    operations = [
        migrations.AddField(
            model_name="agreement",
            name="legal_profile",
            field=models.CharField(
                choices=[
                    ("prc_platform", "中国大陆：平台规则"),
                    ("prc_major", "中国大陆：平台规则，影响众多用户或重大利益"),
                    ("eu_p2b", "欧盟：第 2019/1150 号条例"),
                    ("none", "无特别规定"),
                ],
                default="prc_platform",
                max_length=20,
                verbose_name="适用法律",
            ),
        ),
        migrations.AddField(
            model_name="historicalagreement",
            name="legal_profile",
            field=models.CharField(
                choices=[
                    ("prc_platform", "中国大陆：平台规则"),
                    ("prc_major", "中国大陆：平台规则，影响众多用户或重大利益"),
                    ("eu_p2b", "欧盟：第 2019/1150 号条例"),
                    ("none", "无特别规定"),
                ],
                default="prc_platform",
                max_length=20,
                verbose_name="适用法律",
            ),
        ),
    ]
