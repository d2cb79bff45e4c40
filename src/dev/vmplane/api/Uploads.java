package dev.vmplane.api;

import java.nio.file.Path;

/** Where archives with images are put that clients send, and how many bytes one of them may have. */
public record Uploads(Path folder, long maxBytes) {}
