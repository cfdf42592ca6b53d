using System.Text.Json;
using System.Text.Json.Serialization;

namespace ZarrCache;

/// <summary>
/// What <c>zarr-cache.json</c> says of a cache directory. A change that an older version would misread raises
/// <see cref="CurrentVersion"/>; members that this version does not know are kept when it writes the file again.
/// </summary>
internal sealed record CacheManifest
{
    public const int CurrentVersion = 1;

    public int Version { get; init; } = CurrentVersion;

    /// <summary>The kind of index, or the address of the server that keeps it, without secrets, by which <see cref="CacheBackends"/> finds it.</summary>
    public required string Index { get; init; }

    /// <summary>The pattern of the chunk storage; a relative path is relative to the cache directory, so that it can be moved.</summary>
    public required string Storage { get; init; }

    /// <summary>Bytes.</summary>
    public required long MaxSize { get; init; }

    public required string Policy { get; init; }

    public IReadOnlyDictionary<string, StoreBinding> Stores { get; init; } = new Dictionary<string, StoreBinding>();

    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Unknown { get; set; } // init would make it a constructor parameter, which extension data cannot be

    /// <summary>The manifest with what <paramref name="settings"/> ask for; the same instance if that changes nothing.</summary>
    /// <exception cref="ZarrCacheException">They ask for another index or storage than what is cached lies in.</exception>
    public CacheManifest With(CacheDirectorySettings settings, string path)
    {
        Refuse("index", Index, settings.Index);
        Refuse("storage pattern", Storage, settings.Storage);
        long maxSize = settings.MaxSize ?? MaxSize;
        if (maxSize < MaxSize)
        {
            StoreQuota.Validate(Quotas, maxSize);
        }

        string policy = settings.Policy?.Name ?? Policy;
        return maxSize == MaxSize && policy == Policy ? this : this with { MaxSize = maxSize, Policy = policy };

        void Refuse(string what, string own, string? asked)
        {
            if (asked is not null && asked != own)
            {
                throw new ZarrCacheException($"The cache of '{path}' has the {what} '{own}', which cannot become '{asked}': what is cached would be lost. Leave the option out, or use another cache directory.");
            }
        }
    }

    /// <summary>The manifest with a store bound; the same instance if it is already.</summary>
    /// <exception cref="ZarrCacheException">The id is bound to another origin.</exception>
    public CacheManifest With(string storeId, string origin)
    {
        if (Stores.TryGetValue(storeId, out StoreBinding? bound))
        {
            return bound.Origin == origin
                ? this
                : throw new ZarrCacheException(
                    $"The store id '{storeId}' stands for the origin '{bound.Origin}' and cannot stand for '{origin}' too: their chunks would be mixed up. Choose another store id, or remove the store first with 'zarr-cache clear --store {storeId} --forget'.");
        }

        return this with { Stores = new Dictionary<string, StoreBinding>(Stores) { [storeId] = new(origin) } };
    }

    /// <summary>The quotas of the stores that have one.</summary>
    [JsonIgnore]
    public IReadOnlyDictionary<string, StoreQuota> Quotas => Stores
        .Where(store => store.Value.Quota is not null)
        .ToDictionary(store => store.Key, store => store.Value.Quota!, StringComparer.Ordinal);

    /// <summary>The manifest with another binding of a store.</summary>
    /// <exception cref="ZarrCacheException">There is no such store.</exception>
    public CacheManifest With(string storeId, Func<StoreBinding, StoreBinding> change) =>
        Stores.TryGetValue(storeId, out StoreBinding? bound)
            ? this with { Stores = new Dictionary<string, StoreBinding>(Stores) { [storeId] = change(bound) } }
            : throw new ZarrCacheException($"There is no store '{storeId}' in this cache; there is {(Stores.Count == 0 ? "none" : string.Join(", ", Stores.Keys.Order(StringComparer.Ordinal)))}. A store is there once it was opened or warmed.");

    /// <summary>The manifest without the binding of a store.</summary>
    public CacheManifest Without(string storeId) =>
        Stores.ContainsKey(storeId)
            ? this with { Stores = Stores.Where(store => store.Key != storeId).ToDictionary() }
            : this;
}

/// <summary>The one origin that a store id stands for, as <see cref="OriginAddress.Normalize"/> spells it.</summary>
internal sealed record StoreBinding(string Origin)
{
    /// <summary>What the store may count on and may take; null for all that there is.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public StoreQuota? Quota { get; init; }

    /// <summary>The prefixes that are never given up, for an index that was lost and is made anew; null for none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Pins { get; init; }

    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Unknown { get; set; } // init would make it a constructor parameter, which extension data cannot be
}

[JsonSourceGenerationOptions(
    WriteIndented = true,
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(CacheManifest))]
internal sealed partial class CacheManifestJson : JsonSerializerContext;
