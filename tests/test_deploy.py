"""The deployment files: valid by their schemas, pinned, and true of the program.

Nothing is run: whether an image builds and a cluster takes the manifests is not known from here.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from api.app import create_app
from deploy.runtime import runtime
from qa.commands.serve import SHUTDOWN_SECONDS
from qa.settings import Settings

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "deploy"
DOCKERFILE = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
MANIFESTS = sorted((DEPLOY / "kubernetes").glob("*.yaml"))
KUBERNETES = ("1.33", "1.37")
OBJECTS: dict[str, dict[str, Any]] = {
    document["kind"]: document
    for path in MANIFESTS
    for document in yaml.safe_load_all(path.read_text(encoding="utf-8"))
}
POD = OBJECTS["Deployment"]["spec"]["template"]
(CONTAINER,) = POD["spec"]["containers"]
PORT = Settings.model_fields["port"].default


def test_the_compose_file_is_valid() -> None:
    command = [
        "check_jsonschema",
        "--builtin-schema",
        "vendor.compose-spec",
        "--output-format=json",
    ]
    run = subprocess.run(
        [sys.executable, "-m", *command, str(DEPLOY / "compose.yaml")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout
    assert json.loads(run.stdout)["status"] == "ok"


@pytest.mark.parametrize("version", KUBERNETES)
@pytest.mark.parametrize("path", MANIFESTS, ids=lambda path: path.stem)
def test_every_manifest_is_valid(path: Path, version: str) -> None:
    for document in yaml.safe_load_all(path.read_text(encoding="utf-8")):
        kubernetes_validate.validate(document, version, strict=True)


def test_the_validator_finds_what_is_wrong() -> None:
    wrong = {**OBJECTS["Service"], "spec": {"port": 80}}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, KUBERNETES[-1], strict=True)


def test_every_image_has_a_version() -> None:
    images = [service["image"] for service in COMPOSE["services"].values()]
    images += re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)
    images.append(CONTAINER["image"])
    assert len(images) == 8
    for image in images:
        tag = image.rpartition("/")[2].partition(":")[2]
        assert re.search(r"\d+\.\d+\.\d+|RELEASE\.\d{4}-\d{2}-\d{2}T", tag), image


def test_the_services_image_has_the_programs_version() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    expected = f"registry.example.org/fundstelle:{project['version']}"
    assert CONTAINER["image"] == COMPOSE["services"]["fundstelle"]["image"] == expected
    assert f"-t {expected} ." in DOCKERFILE


@pytest.mark.parametrize(
    "path", sorted(p for p in DEPLOY.rglob("*") if p.is_file()), ids=lambda path: path.name
)
def test_every_variable_is_a_setting(path: Path) -> None:
    if path.suffix == ".pyc":
        return
    named = set(re.findall(r"\bFUNDSTELLE_([A-Z_]+[A-Z])", path.read_text(encoding="utf-8")))
    assert named <= {name.upper() for name in Settings.model_fields}


def test_the_settings_of_the_manifests_are_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    given = OBJECTS["ConfigMap"]["data"] | OBJECTS["Secret"]["stringData"]
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    settings = Settings()
    assert settings.engine == "milvus://milvus:19530"
    assert settings.engine == COMPOSE["services"]["fundstelle"]["environment"]["FUNDSTELLE_ENGINE"]


def test_no_secret_is_in_the_files() -> None:
    assert set(OBJECTS["Secret"]["stringData"].values()) == {""}
    assert not re.search(r"(KEY|TOKEN|PASSWORD)", json.dumps(OBJECTS["ConfigMap"]["data"]))
    for service in COMPOSE["services"].values():
        for name, value in service.get("environment", {}).items():
            if re.search("PASSWORD|TOKEN|SECRET|MODEL_KEY", name):
                assert "${" in str(value), name
    example = (DEPLOY / "example.env").read_text(encoding="utf-8")
    assert re.findall(r"^\w+=(.*)$", example, re.MULTILINE) == [""] * 5


def test_every_variable_that_compose_wants_is_in_the_example() -> None:
    wanted = set(re.findall(r"\$\{(\w+)", (DEPLOY / "compose.yaml").read_text(encoding="utf-8")))
    example = (DEPLOY / "example.env").read_text(encoding="utf-8")
    assert wanted == set(re.findall(r"^(\w+)=", example, re.MULTILINE))


def test_probes_ask_for_routes_that_exist() -> None:
    routes = create_app(Settings()).openapi()["paths"].keys()
    (port,) = CONTAINER["ports"]
    assert port["containerPort"] == PORT
    probes = {name: CONTAINER[f"{name}Probe"]["httpGet"] for name in ("liveness", "readiness")}
    assert probes["readiness"]["path"] == "/readyz"
    assert probes["liveness"]["path"] == "/healthz"
    for probe in (*probes.values(), CONTAINER["startupProbe"]["httpGet"]):
        assert probe["path"] in routes
        assert probe["port"] == port["name"]
    assert POD["metadata"]["annotations"]["prometheus.io/path"] in routes
    assert POD["metadata"]["annotations"]["prometheus.io/port"] == str(PORT)
    (healthcheck,) = re.findall(rf"127\.0\.0\.1:{PORT}(/\w+)", DOCKERFILE)
    assert healthcheck in routes


def test_a_pod_has_time_to_finish() -> None:
    pause = CONTAINER["lifecycle"]["preStop"]["sleep"]["seconds"]
    assert POD["spec"]["terminationGracePeriodSeconds"] > SHUTDOWN_SECONDS + pause


def test_pods_may_do_as_little_as_possible() -> None:
    pod, container = POD["spec"]["securityContext"], CONTAINER["securityContext"]
    assert pod["runAsNonRoot"]
    assert pod["runAsUser"] > 0
    assert container["readOnlyRootFilesystem"]
    assert not container["allowPrivilegeEscalation"]
    assert container["capabilities"]["drop"] == ["ALL"]
    assert not POD["spec"]["automountServiceAccountToken"]
    assert {"requests", "limits"} <= CONTAINER["resources"].keys()
    (user,) = re.findall(r"^USER (\d+):\d+$", DOCKERFILE, re.MULTILINE)
    assert int(user) == pod["runAsUser"] == pod["fsGroup"]


def test_what_the_service_writes_to_is_writable() -> None:
    mounts = {mount["mountPath"]: mount["name"] for mount in CONTAINER["volumeMounts"]}
    volumes = {volume["name"] for volume in POD["spec"]["volumes"] if "emptyDir" in volume}
    assert set(mounts.values()) == volumes
    (data,) = re.findall(r"FUNDSTELLE_DATA_DIR=(\S+)", DOCKERFILE)
    assert set(mounts) == {data, "/tmp"}
    compose = {place.partition(":")[0] for place in COMPOSE["services"]["fundstelle"]["tmpfs"]}
    assert compose == set(mounts)


def test_the_cluster_sets_no_variable_of_the_service() -> None:
    # A Service called fundstelle would give its pods FUNDSTELLE_PORT=tcp://10.0.0.1:80.
    assert OBJECTS["Service"]["metadata"]["name"] == "fundstelle"
    assert POD["spec"]["enableServiceLinks"] is False


def test_the_manifests_name_each_other() -> None:
    labels = POD["metadata"]["labels"]
    deployment = OBJECTS["Deployment"]
    assert deployment["spec"]["selector"]["matchLabels"] == labels
    assert OBJECTS["Service"]["spec"]["selector"] == labels
    assert OBJECTS["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"] == labels
    (spread,) = POD["spec"]["topologySpreadConstraints"]
    assert spread["labelSelector"]["matchLabels"] == labels
    target = OBJECTS["HorizontalPodAutoscaler"]["spec"]["scaleTargetRef"]
    assert target["name"] == deployment["metadata"]["name"]
    assert target["apiVersion"] == deployment["apiVersion"]
    assert "replicas" not in deployment["spec"]
    (port,) = OBJECTS["Service"]["spec"]["ports"]
    assert port["targetPort"] == CONTAINER["ports"][0]["name"]
    (rule,) = OBJECTS["Ingress"]["spec"]["rules"]
    backend = rule["http"]["paths"][0]["backend"]["service"]
    assert backend == {"name": "fundstelle", "port": {"name": port["name"]}}
    assert OBJECTS["ConfigMap"]["data"]["FUNDSTELLE_PUBLIC_URL"] == f"https://{rule['host']}"
    sources = [source for each in CONTAINER["envFrom"] for source in each.values()]
    assert [source["name"] for source in sources] == [
        OBJECTS["ConfigMap"]["metadata"]["name"],
        OBJECTS["Secret"]["metadata"]["name"],
    ]
    namespaces = {each["metadata"].get("namespace") for each in OBJECTS.values()}
    assert namespaces == {None, OBJECTS["Namespace"]["metadata"]["name"]}


def test_a_disruption_budget_lets_nodes_be_drained() -> None:
    assert OBJECTS["HorizontalPodAutoscaler"]["spec"]["minReplicas"] > 1
    assert OBJECTS["PodDisruptionBudget"]["spec"]["maxUnavailable"] == 1


def test_the_image_has_all_that_the_service_needs_and_no_torch() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    (left_out,) = re.findall(r'^ARG LEFT_OUT="(.+)"$', DOCKERFILE, re.MULTILINE)
    declared = tomllib.loads(text)["project"]["dependencies"]
    found = runtime(text, left_out.split())
    assert set(declared) - set(found) == {
        line for line in declared if line.startswith(("torch>", "sentence-transformers>"))
    }
    assert set(declared) <= set(runtime(text, ["none"]))
    locked = set(re.findall(r"^([\w.-]+)==", (ROOT / "requirements.lock").read_text(), re.M))
    assert {re.split(r"[^\w.-]", line)[0] for line in found} <= locked


def test_the_image_is_made_of_files_that_are_there_and_sent() -> None:
    copied = [
        source
        for line in re.findall(r"^COPY ([^-].*)$", DOCKERFILE, re.MULTILINE)
        for source in line.split()[:-1]
    ]
    ignored = (DEPLOY / "Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines()
    assert sorted(f"!{source}" for source in copied) == sorted(
        line for line in ignored if line.startswith("!")
    )
    for source in copied:
        assert (ROOT / source).exists()
    packages = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]
    assert set(packages["targets"]["wheel"]["packages"]) <= set(copied)
