package mobilellm.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.util.Arrays;
import java.util.Random;

/// One thread plays all members, in many orders; [ThreadTeamTest] has them run at once.
class SharesTest {
    private static final int TASKS = 10;

    /// Each member goes on to the next task as soon as it gets nothing more of its own, whichever the others are at.
    @ParameterizedTest
    @CsvSource({"1, 5", "2, 2", "2, 3", "2, 48", "3, 7", "4, 1", "7, 100", "2, 9999"})
    void everyPartIsTakenOnceWhateverTheOrder(int members, int parts) {
        Random random = new Random(17);
        Shares shares = new Shares(members);
        for (int run = 0; run < 20; run++) {
            shares.reset();
            int[][] takers = new int[TASKS][parts];
            int[] task = new int[members];
            int busy = members;
            while (busy > 0) {
                int member = random.nextInt(members);
                // Now and then one member is much faster than the others.
                for (int turn = random.nextInt(6); turn >= 0 && task[member] < TASKS; turn--) {
                    long range = shares.take(member, task[member] + 1, parts);
                    for (int part = Shares.first(range); part < Shares.behind(range); part++) {
                        takers[task[member]][part]++;
                    }
                    if (range == Shares.NOTHING) {
                        // What is left of this task is nobody's: all was handed out before.
                        assertThat(Arrays.stream(takers[task[member]]).allMatch(n -> n == 1))
                                .isTrue();
                        task[member]++;
                        busy -= task[member] == TASKS ? 1 : 0;
                    }
                }
            }
        }
    }

    /// So both visits of a shared block meet the same cache.
    @ParameterizedTest
    @CsvSource({"2, 48", "4, 28"})
    void membersThatAreEquallyFastDoTheirOwnShares(int members, int parts) {
        Shares shares = new Shares(members);
        int[] owner = new int[parts];
        int taken = 0;
        while (taken < parts) {
            for (int member = 0; member < members; member++) {
                long range = shares.take(member, 1, parts);
                for (int part = Shares.first(range); part < Shares.behind(range); part++) {
                    owner[part] = member;
                    taken++;
                }
            }
        }
        assertThat(owner).isSorted();
    }
}
