using ZarrCache;
using ZarrCache.Index.Sqlite;

// Pushes entries into the index that the first argument names, under the store that the second names, and says on
// standard output how many are committed, until it is killed or has pushed as many as the third says.
await using var index = new SqliteStoreIndex(args[0]);
long count = long.Parse(args[2], System.Globalization.CultureInfo.InvariantCulture);
for (long i = 0; i < count; i++)
{
    await index.PushAsync(
        new IndexEntry { StoreId = args[1], Key = $"k/{i}", Size = 10, ObjectSize = 10, AllocatedSize = 16, Version = EntryVersion.Next() },
        CancellationToken.None);
    Console.WriteLine(i + 1);
}
