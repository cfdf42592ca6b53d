namespace ZarrCache.Cli;

/// <summary>
/// How the runtime pools buffers in this process. A gateway holds a block of 1 MiB for each client that reads a large object, and
/// the shared pool keeps 32 blocks a processor by default: those beyond are garbage of the large object heap with every block that
/// is sent, and the heap of 200 clients was seen to reach 1 GB. With room for as many as are under way it stays near what they hold;
/// the pool still gives up what is not used.
/// </summary>
/// <remarks>A pool of our own below Kestrel's was not taken: it would not be shared with the fetches, nor be trimmed.</remarks>
internal static class PooledMemory
{
    /// <summary>The runtime has no other way to be told; it looks when the pool is first used.</summary>
    private const string BuffersPerProcessor = "DOTNET_SYSTEM_BUFFERS_SHAREDARRAYPOOL_MAXARRAYSPERPARTITION";

    /// <summary>Call first of all. What the user has set stays.</summary>
    public static void Configure()
    {
        if (Environment.GetEnvironmentVariable(BuffersPerProcessor) is null)
        {
            Environment.SetEnvironmentVariable(BuffersPerProcessor, "256");
        }
    }
}
