import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { numberOfFloat } from "../runtime/float.ts";
import type { Float, VrlObject } from "../runtime/value.ts";
import { variantOf } from "./arguments/variant.ts";
import type { Example, FunctionDefinition } from "./define.ts";
import { floatOrZero, roundHalfAway, roundToPlaces } from "./number/rounding.ts";

/** The mean radius. */
const EARTH_KILOMETERS = 6_371_008.8 / 1000;

/** The Earth's radius in each unit. */
const radii = { kilometers: EARTH_KILOMETERS, miles: EARTH_KILOMETERS * 0.6213712 };
const units = ["kilometers", "miles"] as const;

const DISTANCE_PLACES = 7;
const BEARING_PLACES = 3;

export const haversine: FunctionDefinition = {
  name: "haversine",
  category: "Map",
  usage:
    "The shortest distance between two points on the Earth, taken for a sphere, and the direction to start in " +
    "([haversine formula](https://en.wikipedia.org/wiki/Haversine_formula)).",
  parameters: [
    { name: "latitude1", kind: Part.float, description: "Latitude of the first point in degrees." },
    { name: "longitude1", kind: Part.float, description: "Longitude of the first point in degrees." },
    { name: "latitude2", kind: Part.float, description: "Latitude of the second point in degrees." },
    { name: "longitude2", kind: Part.float, description: "Longitude of the second point in degrees." },
    {
      name: "measurement_unit",
      kind: Part.bytes,
      isOptional: true,
      description: "The unit of the distance; kilometers where it is not given.",
      variants: { kilometers: "The distance is in kilometers.", miles: "The distance is in miles." },
    },
  ],
  returns: Part.object,
  returnRules: [
    "`distance` has seven decimal places; `bearing` is in degrees clockwise from north and has three.",
  ],
  isFresh: true,
  typeOf: () => TypeDef.of(Kind.object({ distance: Kind.float, bearing: Kind.float })),
  prepare: (call) => {
    const unit = variantOf(call, "measurement_unit", units) ?? "kilometers";
    if (typeof unit === "object") return unit;
    const radius = radii[unit];
    return (
      latitude1: number | Float,
      longitude1: number | Float,
      latitude2: number | Float,
      longitude2: number | Float,
    ) => between(radians(latitude1), radians(longitude1), radians(latitude2), radians(longitude2), radius);
  },
};

function radians(degrees: number | Float): number {
  return numberOfFloat(degrees) * (Math.PI / 180);
}

/** Angles in radians. */
// oxlint-disable-next-line max-params -- two points and a radius
function between(
  latitude1: number,
  longitude1: number,
  latitude2: number,
  longitude2: number,
  radius: number,
): VrlObject {
  const halfLatitude = Math.sin((latitude2 - latitude1) / 2);
  const halfLongitude = Math.sin((longitude2 - longitude1) / 2);
  const chord =
    halfLatitude * halfLatitude + Math.cos(latitude1) * Math.cos(latitude2) * (halfLongitude * halfLongitude);
  const angle = 2 * Math.asin(Math.sqrt(chord));
  const y = Math.sin(longitude2 - longitude1) * Math.cos(latitude2);
  const x =
    Math.cos(latitude1) * Math.sin(latitude2) -
    Math.sin(latitude1) * Math.cos(latitude2) * Math.cos(longitude2 - longitude1);
  const bearing = (Math.atan2(y, x) * (180 / Math.PI) + 360) % 360;
  return {
    distance: floatOrZero(roundToPlaces(angle * radius, DISTANCE_PLACES, roundHalfAway)),
    bearing: floatOrZero(roundToPlaces(bearing, BEARING_PLACES, roundHalfAway)),
  };
}

export const examples: readonly Example[] = [
  {
    title: "From Berlin to Paris",
    source: "haversine(52.52, 13.405, 48.8566, 2.3522)",
    result: '{"distance": 877.4645379, "bearing": 246.743}',
  },
  {
    title: "The same in miles",
    source: 'haversine(52.52, 13.405, 48.8566, 2.3522, measurement_unit: "miles").distance',
    result: "545.2311929",
  },
];

export const tests: readonly Example[] = [
  {
    title: "Nowhere",
    source: "haversine(10.5, 20.5, 10.5, 20.5)",
    result: '{"distance": 0.0, "bearing": 0.0}',
  },
  {
    title: "Along the equator",
    source: "haversine(0.0, 0.0, 0.0, 90.0)",
    result: '{"distance": 10007.557221, "bearing": 90.0}',
  },
  { title: "To the south", source: "haversine(1.0, 5.0, 0.0, 5.0).bearing", result: "180.0" },
  {
    title: "Across the date line",
    source: "haversine(0.0, 179.5, 0.0, -179.5)",
    result: '{"distance": 111.1950802, "bearing": 90.0}',
  },
  {
    title: "An integer is no float",
    source: "haversine!(.n, 0.0, 0.0, 0.0)",
    input: '{"n": 1}',
    error: 'function call error for "haversine" at (0:29): expected float, got integer',
  },
];
