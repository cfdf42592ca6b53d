using System.Text;

namespace ZarrCache.Core.Tests.Metadata;

/// <summary>Datasets made by hand.</summary>
internal static class Documents
{
    /// <summary>A store of documents: key, JSON, key, JSON, …</summary>
    public static async Task<MemoryStore> StoreAsync(params string[] keysAndJson)
    {
        var store = new MemoryStore();
        foreach (string[] document in keysAndJson.Chunk(2))
        {
            await store.SetAsync(document[0], Encoding.UTF8.GetBytes(document[1]), CancellationToken.None);
        }

        return store;
    }

    public static string V2(string shape, string chunks, string more = "") =>
        $$"""{"zarr_format":2,"shape":{{shape}},"chunks":{{chunks}},"dtype":"<f4","compressor":null,"fill_value":0,"order":"C","filters":null{{more}}}""";

    public static string V3(string shape, string chunks, string encoding = """{"name":"default"}""", string codecs = """[{"name":"bytes"}]""", string more = "") =>
        $$$"""
        {"zarr_format":3,"node_type":"array","shape":{{{shape}}},"data_type":"float32","fill_value":0,"codecs":{{{codecs}}},
        "chunk_grid":{"name":"regular","configuration":{"chunk_shape":{{{chunks}}} } },"chunk_key_encoding":{{{encoding}}}{{{more}}} }
        """;
}
