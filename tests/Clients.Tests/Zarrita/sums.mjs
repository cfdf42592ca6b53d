// Reads whole arrays of a dataset and writes the sum of each as JSON: node sums.mjs URL suffix|head ARRAY...
// "suffix" asks for the index of a shard with a suffix range; "head", zarrita's default, asks for the size first.
import * as zarr from 'zarrita';

const [url, index, ...names] = process.argv.slice(2);
const store = new zarr.FetchStore(url, { useSuffixRequest: index === 'suffix' });
const root = await zarr.open(store, { kind: 'group' });
const sums = {};
for (const name of names) {
  const array = await zarr.open(root.resolve(name), { kind: 'array' });
  const { data } = await zarr.get(array);
  sums[name] = { count: data.length, sum: data.reduce((sum, value) => sum + value, 0) }; // integers stay below 2^53
}
console.log(JSON.stringify(sums));
