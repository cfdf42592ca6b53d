"""Opens a dataset twice, by its URL and from its files, and fails unless both are the same to the last bit: compare.py URL DIRECTORY"""

import sys

import xarray as xr

url, directory = sys.argv[1:]
served = xr.open_zarr(url).load()
filed = xr.open_zarr(directory).load()
xr.testing.assert_identical(served, filed)  # values, coordinates, names and attributes
for name, values in filed.items():
    assert served[name].values.tobytes() == values.values.tobytes(), name
mean = float(served["u"].mean())
assert abs(mean - 6.9410478643) < 1e-9, mean
