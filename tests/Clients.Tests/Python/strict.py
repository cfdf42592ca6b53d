"""Reads an array through a store over a mapping, to which a failure is an exception and no fill value: strict.py URL"""

import sys

import fsspec
import xarray as xr
import zarr

store = zarr.storage.KVStore(fsspec.get_mapper(sys.argv[1]))
u = xr.open_zarr(store)["u"].load()
assert not u.isnull().any()
