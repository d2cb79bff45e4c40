package dev.vmplane.api;

import dev.vmplane.model.PinnedImage;
import dev.vmplane.model.RefusedException;
import dev.vmplane.model.Wish;
import java.util.List;
import java.util.Map;

/** The desired file as it is written: nothing in it is wrong as far as that can be said before its images are looked up. */
public interface DesiredDraft {
    /** Jobs that ask for an image, with the reference each asks for it by. */
    Map<String, String> images();

    /**
     * What is wished for.
     *
     * @param pins the images that were found, by job; jobs whose image was not are left out
     * @throws RefusedException with the line of the first thing that is wrong
     */
    List<Wish> wishes(Map<String, PinnedImage> pins);
}
