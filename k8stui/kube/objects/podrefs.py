"""What a pod's spec names: config maps, secrets, claims, and the classes and account that it runs with.

Only names are picked, never values: an environment variable that holds its value is nothing here. The parts
are equal among the pods of a workload, so that one tuple serves them all. Reading them makes decoding a pod a
third slower, and so it is left to who asks which pods name an object: everybody else holds plain `Pod`s.
Source: the Kubernetes API reference (core/v1 PodSpec, Volume, EnvVar).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from k8stui.kube.objects.core import Container, Pod, PodSpec
from k8stui.kube.objects.meta import KubeStruct

if TYPE_CHECKING:
    from collections.abc import Iterator

CONFIG_MAPS = "configmaps"
SECRETS = "secrets"
CLAIMS = "persistentvolumeclaims"
ACCOUNTS = "serviceaccounts"
PRIORITIES = "priorityclasses.scheduling.k8s.io"
RUNTIMES = "runtimeclasses.node.k8s.io"


class NameRef(KubeStruct, frozen=True, gc=False):
    """A reference by name, in the namespace of the pod."""

    name: str = ""


class EnvSource(KubeStruct, frozen=True, gc=False):
    """`env[].valueFrom`."""

    config_map_key_ref: NameRef | None = None
    secret_key_ref: NameRef | None = None


class EnvVar(KubeStruct, frozen=True, gc=False):
    """`env[]`; its own value is left out."""

    value_from: EnvSource | None = None


class EnvFrom(KubeStruct, frozen=True, gc=False):
    """`envFrom[]`."""

    config_map_ref: NameRef | None = None
    secret_ref: NameRef | None = None


class SecretVolume(KubeStruct, frozen=True, gc=False):
    """`volumes[].secret`."""

    secret_name: str = ""


class ClaimVolume(KubeStruct, frozen=True, gc=False):
    """`volumes[].persistentVolumeClaim`."""

    claim_name: str = ""


class Projection(KubeStruct, frozen=True, gc=False):
    """`volumes[].projected.sources[]`."""

    config_map: NameRef | None = None
    secret: NameRef | None = None


class ProjectedVolume(KubeStruct, frozen=True, gc=False):
    """`volumes[].projected`."""

    sources: tuple[Projection, ...] | None = None


class Volume(KubeStruct, frozen=True, gc=False):
    """`volumes[]` without its name, which differs from pod to pod where Kubernetes made it up."""

    config_map: NameRef | None = None
    secret: SecretVolume | None = None
    persistent_volume_claim: ClaimVolume | None = None
    projected: ProjectedVolume | None = None


class NamingContainer(Container, frozen=True, gc=False):
    """A container with what its environment names."""

    env: tuple[EnvVar, ...] | None = ()
    env_from: tuple[EnvFrom, ...] | None = ()


class NamingPodSpec(PodSpec, frozen=True, gc=False):
    """`spec` of a pod with all that it names."""

    containers: tuple[NamingContainer, ...] = ()
    init_containers: tuple[NamingContainer, ...] = ()
    ephemeral_containers: tuple[NamingContainer, ...] = ()
    volumes: tuple[Volume, ...] | None = ()
    image_pull_secrets: tuple[NameRef, ...] | None = ()
    priority_class_name: str = ""


class NamingPod(Pod, frozen=True, gc=False):
    """core/v1 Pod with all that it names."""

    spec: NamingPodSpec = NamingPodSpec()


class Named(NamedTuple):
    """An object that a pod names, and where."""

    kind: str
    """As `Kind.name`."""
    name: str
    how: str
    """`env`, `volume`, `image pull`; empty where the kind says it."""


def named(spec: Any) -> Iterator[Named]:
    """All that a `NamingPodSpec` or `TemplateSpec` names; a name may come several times."""
    for volume in spec.volumes or ():
        yield from _in_volume(volume)
    for container in (*spec.init_containers, *spec.containers, *getattr(spec, "ephemeral_containers", ())):
        for source in container.env_from or ():
            if source.config_map_ref is not None:
                yield Named(CONFIG_MAPS, source.config_map_ref.name, "env")
            if source.secret_ref is not None:
                yield Named(SECRETS, source.secret_ref.name, "env")
        for variable in container.env or ():
            value = variable.value_from
            if value is None:
                continue
            if value.config_map_key_ref is not None:
                yield Named(CONFIG_MAPS, value.config_map_key_ref.name, "env")
            if value.secret_key_ref is not None:
                yield Named(SECRETS, value.secret_key_ref.name, "env")
    for each in spec.image_pull_secrets or ():
        yield Named(SECRETS, each.name, "image pull")
    if spec.service_account_name:
        yield Named(ACCOUNTS, spec.service_account_name, "")
    if spec.priority_class_name:
        yield Named(PRIORITIES, spec.priority_class_name, "")


def _in_volume(volume: Volume) -> Iterator[Named]:
    if volume.config_map is not None:
        yield Named(CONFIG_MAPS, volume.config_map.name, "volume")
    if volume.secret is not None:
        yield Named(SECRETS, volume.secret.secret_name, "volume")
    if volume.persistent_volume_claim is not None:
        yield Named(CLAIMS, volume.persistent_volume_claim.claim_name, "volume")
    if volume.projected is not None:
        for source in volume.projected.sources or ():
            if source.config_map is not None:
                yield Named(CONFIG_MAPS, source.config_map.name, "volume")
            if source.secret is not None:
                yield Named(SECRETS, source.secret.name, "volume")
