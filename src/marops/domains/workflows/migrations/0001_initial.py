"""Event logs, what was found in them, and workflows as they are being drawn."""

import django.db.models.deletion
import marops.kernel.clock
import marops.kernel.ids
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.RunSQL('CREATE SEQUENCE event_log_number', 'DROP SEQUENCE event_log_number'),
        migrations.CreateModel(
            name='EventLog',
            fields=[
                ('id', models.UUIDField(default=marops.kernel.ids.new_id, primary_key=True, serialize=False)),
                ('number', models.BigIntegerField(unique=True)),
                ('title', models.TextField()),
                ('format', models.TextField()),
                ('file_id', models.UUIDField(null=True)),
                ('file_name', models.TextField(blank=True, default='')),
                ('sha256', models.CharField(blank=True, default='', max_length=64)),
                ('size', models.BigIntegerField(default=0)),
                ('mapping', models.JSONField(default=dict)),
                ('zone', models.TextField(blank=True, default='')),
                ('counts', models.JSONField(default=dict)),
                ('report', models.JSONField(default=dict)),
                ('first_at', models.DateTimeField(null=True)),
                ('last_at', models.DateTimeField(null=True)),
                ('sample', models.BooleanField(default=False)),
                ('state', models.TextField(choices=[('waiting', 'Waiting'), ('reading', 'Reading'), ('stopped', 'Stopped'), ('failed', 'Failed'), ('ready', 'Ready')], default='waiting')),
                ('job_id', models.UUIDField(null=True)),
                ('actor_kind', models.TextField()),
                ('actor_id', models.TextField()),
                ('created_at', models.DateTimeField(default=marops.kernel.clock.now)),
                ('ended_at', models.DateTimeField(null=True)),
            ],
            options={
                'db_table': 'event_log',
                'indexes': [models.Index(fields=['-created_at'], name='event_log_recent')],
            },
        ),
        migrations.CreateModel(
            name='LogName',
            fields=[
                ('pk', models.CompositePrimaryKey('log_id', 'kind', 'position', blank=True, editable=False, primary_key=True, serialize=False)),
                ('kind', models.TextField(choices=[('case', 'Case'), ('activity', 'Activity'), ('resource', 'Resource'), ('class', 'Class'), ('platform', 'Platform'), ('touch', 'Touch'), ('skill', 'Skill'), ('role', 'Role')])),
                ('position', models.IntegerField()),
                ('name', models.TextField()),
                ('log', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='workflows.eventlog')),
            ],
            options={
                'db_table': 'log_name',
            },
        ),
        migrations.CreateModel(
            name='Sketch',
            fields=[
                ('id', models.UUIDField(default=marops.kernel.ids.new_id, primary_key=True, serialize=False)),
                ('slug', models.TextField()),
                ('by', models.TextField()),
                ('base', models.IntegerField(default=0)),
                ('document', models.JSONField()),
                ('words', models.TextField(blank=True, default='')),
                ('past', models.JSONField(default=list)),
                ('ahead', models.JSONField(default=list)),
                ('changed_at', models.DateTimeField(default=marops.kernel.clock.now)),
            ],
            options={
                'db_table': 'workflow_sketch',
                'constraints': [models.UniqueConstraint(models.F('slug'), models.F('by'), name='workflow_sketch_one_each')],
            },
        ),
        migrations.CreateModel(
            name='LogDiscovery',
            fields=[
                ('id', models.UUIDField(default=marops.kernel.ids.new_id, primary_key=True, serialize=False)),
                ('workflow', models.TextField()),
                ('version', models.IntegerField()),
                ('crew', models.TextField()),
                ('noise', models.FloatField()),
                ('found', models.JSONField(default=dict)),
                ('actor_kind', models.TextField()),
                ('actor_id', models.TextField()),
                ('at', models.DateTimeField(default=marops.kernel.clock.now)),
                ('log', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='discoveries', to='workflows.eventlog')),
            ],
            options={
                'db_table': 'log_discovery',
                'indexes': [models.Index(fields=['workflow', '-at'], name='log_discovery_workflow')],
            },
        ),
        migrations.CreateModel(
            name='LogEvent',
            fields=[
                ('pk', models.CompositePrimaryKey('log_id', 'number', blank=True, editable=False, primary_key=True, serialize=False)),
                ('number', models.BigIntegerField()),
                ('row', models.BigIntegerField()),
                ('case_no', models.IntegerField()),
                ('activity_no', models.IntegerField()),
                ('class_no', models.IntegerField()),
                ('resource_no', models.IntegerField(null=True)),
                ('role_no', models.IntegerField(null=True)),
                ('skill_no', models.IntegerField(null=True)),
                ('platform_no', models.IntegerField(null=True)),
                ('touch_no', models.IntegerField(null=True)),
                ('enabled', models.DateTimeField(null=True)),
                ('started', models.DateTimeField(null=True)),
                ('ended', models.DateTimeField(null=True)),
                ('cost', models.FloatField(null=True)),
                ('attempt', models.IntegerField(null=True)),
                ('again', models.BooleanField(default=False)),
                ('log', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='workflows.eventlog')),
            ],
            options={
                'db_table': 'log_event',
                'constraints': [models.CheckConstraint(condition=models.Q(('started__isnull', False), ('ended__isnull', False), _connector='OR'), name='log_event_has_a_time')],
            },
        ),
    ]
