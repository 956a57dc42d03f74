//! Objects as a cluster has them, with all the fields that the directory has no use for.

use serde_json::{Value, json};

pub(crate) const NODE: &str = "node-a";

/// A uid for each kind and number.
pub(crate) fn uid(kind: u8, number: u32) -> String {
    format!("{kind:08x}-0000-4000-8000-{number:012x}")
}

/// A container's id for each pod and instance.
pub(crate) fn container_id(number: u32, instance: u8) -> String {
    format!("{:064x}", u128::from(number) << 96 | u128::from(instance) << 64 | 0xabc).chars().rev().collect()
}

fn metadata(kind: u8, number: u32, namespace: &str, name: &str) -> Value {
    json!({
        "name": name, "namespace": namespace, "uid": uid(kind, number),
        "creationTimestamp": "2026-01-31T12:00:00Z", "generation": 3,
        "annotations": {
            "kubectl.kubernetes.io/last-applied-configuration": "{\"apiVersion\":\"v1\",\"kind\":\"Pod\"}".repeat(20),
        },
        "managedFields": [{
            "manager": "kubelet", "operation": "Update", "apiVersion": "v1", "time": "2026-01-31T12:00:09Z",
            "fieldsType": "FieldsV1", "subresource": "status",
            "fieldsV1": { "f:status": { "f:conditions": { "k:{\"type\":\"Ready\"}": { ".": {}, "f:status": {} } } } },
        }],
    })
}

/// A pod of a Deployment, as it runs on this node.
pub(crate) fn pod(number: u32) -> Value {
    let workload = number / 10;
    let namespace = format!("team-{}", workload % 20);
    let mut pod = json!({
        "metadata": metadata(1, number, &namespace, &format!("app-{workload}-7d4b9c6f5d-{number:05}")),
        "spec": {
            "nodeName": NODE, "serviceAccountName": "default", "restartPolicy": "Always",
            "containers": [{
                "name": "app", "image": format!("registry.example/app-{workload}:1.4"),
                "env": [{ "name": "MODE", "value": "production" }],
                "ports": [{ "containerPort": 8080, "protocol": "TCP" }],
                "resources": { "requests": { "cpu": "100m", "memory": "128Mi" } },
            }, { "name": "sidecar", "image": "registry.example/sidecar:2" }],
            "volumes": [{ "name": "token", "projected": { "defaultMode": 420, "sources": [] } }],
        },
        "status": {
            "phase": "Running", "hostIP": "192.0.2.10", "qosClass": "Burstable",
            "startTime": "2026-01-31T12:00:01Z",
            "podIP": address(number), "podIPs": [{ "ip": address(number) }, { "ip": format!("fd00::{number:x}") }],
            "conditions": [
                { "type": "PodReadyToStartContainers", "status": "True", "lastProbeTime": null, "lastTransitionTime": "2026-01-31T12:00:02Z" },
                { "type": "Ready", "status": "True", "lastProbeTime": null, "lastTransitionTime": "2026-01-31T12:00:04Z" },
            ],
            "containerStatuses": [running("app", number, 0), running("sidecar", number, 1)],
        },
    });
    pod["metadata"]["labels"] = json!({
        "app": format!("app-{workload}"), "pod-template-hash": "7d4b9c6f5d", "tier": "backend",
        "app.kubernetes.io/version": "1.4",
    });
    pod["metadata"]["ownerReferences"] = json!([{
        "apiVersion": "apps/v1", "kind": "ReplicaSet", "name": format!("app-{workload}-7d4b9c6f5d"),
        "uid": uid(9, workload), "controller": true, "blockOwnerDeletion": true,
    }]);
    pod
}

/// As the kubelet tells of a container.
pub(crate) fn running(name: &str, number: u32, instance: u8) -> Value {
    json!({
        "name": name, "ready": true, "restartCount": 0, "started": true,
        "image": "registry.example/resolved@sha256:0", "imageID": "registry.example/resolved@sha256:0",
        "containerID": format!("containerd://{}", container_id(number, instance)),
        "state": { "running": { "startedAt": "2026-01-31T12:00:03Z" } }, "lastState": {},
    })
}

/// Each pod's own.
pub(crate) fn address(number: u32) -> String {
    format!("10.{}.{}.{}", 64 + (number >> 16), number >> 8 & 255, number & 255)
}

/// The workload's service: one of ten pods.
pub(crate) fn service(workload: u32) -> Value {
    let address = format!("10.96.{}.{}", workload >> 8, workload & 255);
    json!({
        "metadata": metadata(2, workload, &format!("team-{}", workload % 20), &format!("app-{workload}")),
        "spec": {
            "type": "NodePort", "clusterIP": address, "clusterIPs": [address], "selector": { "app": "x" },
            "internalTrafficPolicy": "Cluster", "sessionAffinity": "None",
            "ports": [
                { "name": "http", "port": 80, "targetPort": 8080, "protocol": "TCP", "nodePort": 30_000 + workload % 2_700 },
                { "name": "dns", "port": 53, "targetPort": "dns", "protocol": "UDP" },
            ],
        },
        "status": { "loadBalancer": {} },
    })
}

/// What is behind the workload's service.
pub(crate) fn slice(workload: u32) -> Value {
    let pods = workload * 10..workload * 10 + 10;
    let endpoints: Vec<Value> = pods.map(endpoint).collect();
    let mut slice = json!({
        "metadata": metadata(3, workload, &format!("team-{}", workload % 20), &format!("app-{workload}-abcde")),
        "addressType": "IPv4",
        "endpoints": endpoints,
        "ports": [{ "name": "http", "port": 8080, "protocol": "TCP" }],
    });
    slice["metadata"]["labels"] = json!({ "kubernetes.io/service-name": format!("app-{workload}") });
    slice
}

/// A pod in a slice.
pub(crate) fn endpoint(pod: u32) -> Value {
    json!({
        "addresses": [address(pod)], "nodeName": NODE, "zone": "a",
        "conditions": { "ready": true, "serving": true, "terminating": false },
        "targetRef": { "kind": "Pod", "namespace": "x", "name": "x", "uid": uid(1, pod) },
    })
}

/// The node's own object.
pub(crate) fn node() -> Value {
    json!({
        "metadata": { "name": NODE, "uid": uid(4, 0), "creationTimestamp": "2026-01-01T00:00:00Z" },
        "spec": { "podCIDR": "10.64.0.0/16" },
        "status": {
            "addresses": [
                { "type": "InternalIP", "address": "192.0.2.10" }, { "type": "Hostname", "address": NODE },
            ],
            "nodeInfo": { "kernelVersion": "6.12" },
        },
    })
}
