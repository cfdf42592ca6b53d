namespace ZarrCache.Index.Redis;

/// <summary>An entry as it was read, with what is needed to change it if nobody else has meanwhile.</summary>
/// <param name="Place">Its name within its store.</param>
/// <param name="Value">Its bytes in Redis.</param>
/// <param name="Entry">What they say.</param>
internal sealed record Row(byte[] Place, byte[] Value, IndexEntry Entry)
{
    /// <summary>The clock when its place was first pushed.</summary>
    public long Pushed => EntryFormat.ReadPushed(Value);

    /// <summary>What must still be there when the row is changed or removed.</summary>
    public ReadOnlyMemory<byte> Head => Value.AsMemory(0, EntryFormat.HeadSize);

    public static Row Read(string storeId, byte[] place, byte[] value)
    {
        (string key, long offset) = ZarrCache.Index.Redis.Place.Read(place);
        return new Row(place, value, EntryFormat.Read(value, storeId, key, offset));
    }
}
