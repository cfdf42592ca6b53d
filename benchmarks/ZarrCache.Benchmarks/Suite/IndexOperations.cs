namespace ZarrCache.Benchmarks.Suite;

/// <summary>What is measured of an index, as it is called in tables and charts.</summary>
internal static class IndexOperations
{
    public const string Push = "push, batches of 1000";
    public const string PushConcurrently = "push, 16 callers";
    public const string Pop = "pop, batches of 1000";
    public const string Find = "find";
    public const string Mark = "mark, with its flush";
    public const string DeleteStore = "delete a store of 5,000";
    public const string Enumerate = "enumerate, unsorted";
    public const string EnumerateByKey = "enumerate by key";
    public const string EnumerateByLastAccess = "enumerate by last access";
    public const string Reopen = "reopen";

    /// <summary>One invocation is the whole index, whatever its size.</summary>
    public static bool IsEnumeration(string operation) => operation is Enumerate or EnumerateByKey or EnumerateByLastAccess;
}
