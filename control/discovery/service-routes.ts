import type { RouteMatch, ServiceEndpoints, ServiceRoute } from "@plinth/connect";
import { policySettings, type ServiceSpec } from "@plinth/resource";

type SpecRoute = NonNullable<ServiceSpec["routes"]>[number];

/** A service's routes as the proxy takes them: each with the whole policy it stands for. Nothing without routes. */
export function routesOf({ routes = [], policy }: ServiceSpec): Pick<ServiceEndpoints, "routes"> {
  return routes.length === 0 ? {} : { routes: routes.map((route) => routeOf(route, policy)) };
}

function routeOf({ name, match, policy }: SpecRoute, ofService: ServiceSpec["policy"]): ServiceRoute {
  const settings = policySettings({
    // Field by field: what a route does not say is as the service has it.
    timeout: { ...ofService?.timeout, ...policy?.timeout },
    retry: { ...ofService?.retry, ...policy?.retry },
  });
  return { name, match: matchOf(match), policy: settings ?? {} };
}

function matchOf({ path, pathPrefix, grpc, method, headers }: SpecRoute["match"]): RouteMatch {
  return {
    ...(path !== undefined && { path }),
    ...(pathPrefix !== undefined && { pathPrefix }),
    ...(grpc !== undefined && { grpc }),
    ...(method !== undefined && { methods: method }),
    ...(headers !== undefined && { headers }),
  };
}
