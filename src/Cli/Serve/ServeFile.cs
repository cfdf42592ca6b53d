namespace ZarrCache.Cli.Serve;

/// <summary>Reads the file of <c>serve --config</c>. Its schema is <c>gateway.schema.json</c>, which <c>serve --print-schema</c> writes.</summary>
internal static class ServeFile
{
    private const string ManifestName = "zarr-cache.json";

    /// <exception cref="ZarrCacheException">It cannot be read, or is wrong; the message has file, line and column.</exception>
    public static ServeSettings Read(string path)
    {
        string full = Path.GetFullPath(path);
        byte[] json;
        try
        {
            json = File.ReadAllBytes(full);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ZarrCacheException($"The configuration '{full}' cannot be read: {e.Message}", e);
        }

        return Read(json, full);
    }

    internal static ServeSettings Read(byte[] json, string path)
    {
        ConfigNode root = ConfigNode.Parse(json, path);
        if (root.Find("version") is { } version && root.Find("cache") is null)
        {
            throw version.Fault("is that of a cache's own manifest, which is no configuration of the gateway; give the directory that it lies in as --cache, or write a configuration (see --print-schema)");
        }

        root.AllowOnly(ServeSettings.Keys);
        string directory = Path.GetDirectoryName(path)!;
        ServeSettings settings = new()
        {
            Cache = root.Find("cache")?.Text() is { } cache ? Path.GetFullPath(cache, directory) : null,
            MaxSize = root.Find("maxSize")?.Size(),
            Policy = root.Find("policy")?.OneOf([.. EvictionPolicy.All.Select(policy => policy.Name)]),
            Index = root.Find("index")?.Text(),
            Storage = root.Find("storage")?.Text(),
            Urls = root.Find("urls")?.Texts() ?? [],
            AllowedHosts = root.Find("allowedHosts")?.Texts() ?? [],
            Cors = root.Find("cors")?.Texts() ?? [],
            MaxConcurrentRequests = (int?)root.Find("maxConcurrentRequests")?.Number(1, 1_000_000),
            ClientMaxAge = root.Find("clientMaxAge")?.Duration(),
            Stores = [.. (root.Find("stores")?.Members() ?? []).Select(store => ReadStore(store.Name, store.Value, directory))],
        };
        if (settings.Cache is { } place && Path.GetFileName(path) == ManifestName && Path.GetFullPath(place) == directory)
        {
            throw root.Find("cache")!.Fault($"is the directory that this file lies in, where '{ManifestName}' is the name of the cache's own manifest; give the cache a directory of its own, or this file another name, such as gateway.json");
        }

        return settings;
    }

    private static ServeStore ReadStore(string id, ConfigNode node, string directory)
    {
        node.AllowOnly(ServeStore.Keys);
        string origin = (node.Find("origin") ?? throw node.Fault($"has no 'origin': the store '{id}' needs a URL or a directory to be read from")).Text();
        return new ServeStore(id, OriginAddress.IsUrl(origin) ? origin : Path.GetFullPath(origin, directory))
        {
            MinSize = node.Find("minSize")?.Size(),
            MaxSize = node.Find("maxSize")?.Size(),
            MetadataTimeToLive = node.Find("metadataTimeToLive")?.DurationOrNever(),
            ChunkTimeToLive = node.Find("chunkTimeToLive")?.DurationOrNever(),
            AbsentTimeToLive = node.Find("absentTimeToLive")?.DurationOrNever(),
            Offline = node.Find("offline")?.Flag() ?? false,
            Connections = (int)(node.Find("connections")?.Number(1, 10_000) ?? 32),
            AllowRedirectsToOtherHosts = node.Find("allowRedirectsToOtherHosts")?.Flag() ?? false,
        };
    }
}
