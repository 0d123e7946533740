import { API_VERSION, GROUP, kinds } from "@plinth/resource";

const groupVersion = { groupVersion: API_VERSION, version: API_VERSION.split("/")[1] };
const apiGroup = { name: GROUP, versions: [groupVersion], preferredVersion: groupVersion };

/** What clients of the Kubernetes API ask first. */
export const coreVersions: object = { kind: "APIVersions", versions: [], serverAddressByClientCIDRs: [] };
export const groupList: object = { kind: "APIGroupList", apiVersion: "v1", groups: [apiGroup] };
export const group: object = { kind: "APIGroup", apiVersion: "v1", ...apiGroup };
export const resourceList: object = {
  kind: "APIResourceList",
  apiVersion: "v1",
  groupVersion: API_VERSION,
  resources: Object.values(kinds).map(({ kind, plural, shortNames, writable }) => ({
    name: plural,
    singularName: kind.toLowerCase(),
    namespaced: false,
    kind,
    shortNames,
    verbs: ["get", "list", "watch", ...(writable ? ["create", "update", "patch", "delete"] : [])],
  })),
};
